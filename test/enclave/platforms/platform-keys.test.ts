import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { toHex } from '../../../sdk/bytes.ts'
import { openConfigfsTsm } from '../../../src/enclave/attesters/configfs-tsm.ts'
import { openDstack } from '../../../src/enclave/attesters/dstack.ts'
import { openSevGuestDevice } from '../../../src/enclave/attesters/sev-guest-device.ts'
import { findAttester } from '../../../src/enclave/detection.ts'
import { fakeKernel } from './fake-kernel.ts'
import { fakeDstackKey, fakeDstackMachine, fakeNitroMachine, fakeSnpMachine } from './fake-machine.ts'
import { compileDriver, runBefore, withoutDriver, withoutNative } from './preloaded.ts'

/** The keys that platforms derive for what runs in them. */

t.test('dstack: the application’s key, by a path that names its version', async (t) => {
  const asked: string[] = []
  const { socketPath, close } = await fakeDstackMachine(null, (path) => {
    asked.push(path)
    return null
  })
  t.teardown(() => close?.())
  const { keys } = await openDstack({ socketPath, endorsementFolder: null })
  t.equal(keys?.platform, 'dstack')
  t.equal(await keys?.newestVersion(), 'v1')
  t.equal(toHex((await keys?.derive('v1')) ?? new Uint8Array()), fakeDstackKey)
  t.strictSame(asked, ['/Info', '/GetKey'])
  for (const version of ['v2', 'toString', '']) {
    await t.rejects(keys!.derive(version), { code: 'KEY_VERSION_UNKNOWN' })
  }
})

t.test('dstack: what is no key is not taken for one', async (t) => {
  for (const body of [
    '{}',
    '{"key":""}',
    '{"key":7}',
    `{"key":"${'00'.repeat(32)}"}`,
    `{"key":"${'5a'.repeat(31)}"}`,
  ]) {
    const { socketPath, close } = await fakeDstackMachine(null, (path) =>
      path === '/GetKey' ? { status: 200, body } : null,
    )
    const { keys } = await openDstack({ socketPath, endorsementFolder: null })
    await t.rejects(keys!.derive('v1'), { code: 'ATTESTATION_FAILED' }, body.slice(0, 20))
    await close?.()
  }
})

const report = (tcb: string, vmpl: number): Uint8Array => {
  const bytes = Buffer.alloc(1184)
  bytes.writeUInt32LE(vmpl, 0x30)
  bytes.write(tcb, 0x1e0, 'hex')
  return bytes
}

t.test('SEV-SNP: asked for by the levels that were committed, at the level it runs at', async (t) => {
  let tcb = '0300000000000873'
  const asked: { vmpl: number; tcb: string }[] = []
  let closed = 0
  const { keys } = await openConfigfsTsm('sev-snp', {
    endorsementFolder: null,
    files: fakeKernel({
      folder: t.testdir(),
      provider: 'sev_guest',
      report: async () => ({ outblob: report(tcb, 2) }),
    }).files,
    openSevGuest: async () => ({
      deriveKey: (request) => {
        asked.push({ vmpl: request.vmpl, tcb: toHex(request.tcb) })
        return new Uint8Array(32).fill(3)
      },
      close: () => (closed += 1),
    }),
  })
  const version = await keys!.newestVersion()
  t.equal(version, '0300000000000873-2')
  t.equal((await keys!.derive(version)).length, 32)
  tcb = '0400000000000974'
  t.equal(await keys!.newestVersion(), '0400000000000974-2', 'newer firmware is a newer version')
  await keys!.derive(version)
  t.strictSame(asked, [
    { vmpl: 2, tcb: '0300000000000873' },
    { vmpl: 2, tcb: '0300000000000873' },
  ])
  t.equal(closed, 2)
  for (const bad of ['v1', '0300000000000873', '0300000000000873-4', '0300000000000873-2 ']) {
    await t.rejects(keys!.derive(bad), { code: 'KEY_VERSION_UNKNOWN' }, bad)
  }
})

t.test('the others derive none', async (t) => {
  t.equal(
    (await findAttester({ tee: 'auto', insecureSimulated: false }, fakeNitroMachine().machine)).keys,
    null,
  )
  t.equal((await findAttester({ tee: 'auto', insecureSimulated: true })).keys, null)
  const tdx = fakeKernel({
    folder: t.testdir(),
    provider: 'tdx_guest',
    report: async () => ({ outblob: report('', 0) }),
  })
  t.equal((await openConfigfsTsm('tdx', { files: tdx.files, endorsementFolder: null })).keys, null)
  t.equal(
    (await findAttester({ tee: 'auto', insecureSimulated: false }, fakeSnpMachine(t.testdir()).machine)).keys
      ?.platform,
    'sev-snp',
  )
})

/** As the kernel's include/uapi/linux/sev-guest.h has it. */
const driver = `
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>
struct snp_derived_key_req {
  uint32_t root_key_select; uint32_t rsvd; uint64_t guest_field_select;
  uint32_t vmpl; uint32_t guest_svn; uint64_t tcb_version;
};
struct snp_derived_key_resp { uint8_t data[64]; };
struct snp_guest_request_ioctl { uint8_t msg_version; uint64_t req_data; uint64_t resp_data; uint64_t exitinfo2; };
#define SNP_GET_DERIVED_KEY _IOWR('S', 0x1, struct snp_guest_request_ioctl)
int ioctl(int fd, unsigned long command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  const char *folder = getenv("FAKE_DEVICE");
  if (folder == NULL || command != SNP_GET_DERIVED_KEY) return (int)syscall(SYS_ioctl, fd, command, argument);
  struct snp_guest_request_ioctl *raw = argument;
  struct snp_derived_key_req *asked = (void *)(uintptr_t)raw->req_data;
  struct snp_derived_key_resp *answer = (void *)(uintptr_t)raw->resp_data;
  char path[4096];
  snprintf(path, sizeof path, "%s/asked", folder);
  FILE *file = fopen(path, "w");
  fprintf(file, "%u %u %u %llx %u %u %016llx", raw->msg_version, asked->root_key_select, asked->rsvd,
          (unsigned long long)asked->guest_field_select, asked->vmpl, asked->guest_svn,
          (unsigned long long)asked->tcb_version);
  fclose(file);
  snprintf(path, sizeof path, "%s/answer", folder);
  file = fopen(path, "r");
  if (file == NULL) { errno = EIO; return -1; }
  fread(answer->data, 1, sizeof answer->data, file);
  fclose(file);
  return 0;
}
`

t.test('SEV-SNP: a key is asked for as the kernel’s driver takes it', { skip: withoutDriver }, async (t) => {
  const folder = t.testdir({ 'driver.c': driver, device: '' })
  compileDriver(folder)
  const source = fileURLToPath(new URL('../../../src/enclave/attesters/', import.meta.url))
  const derived = (): Record<string, any> =>
    runBefore(
      folder,
      `const { openSevGuestDevice } = await import(${JSON.stringify(`${source}sev-guest-device.ts`)})
      const device = await openSevGuestDevice(undefined, ${JSON.stringify(`${folder}/device`)})
      const told = (() => {
        try {
          return { key: Buffer.from(device.deriveKey({ vmpl: 1, tcb: Buffer.from('0300000000000873', 'hex') })).toString('hex') }
        } catch ({ code, message }) {
          return { code, message }
        }
      })()
      device.close()
      console.log(JSON.stringify(told))`,
    )
  const key = '0123456789abcdef'.repeat(4)
  writeFileSync(`${folder}/answer`, Buffer.from(`${'00'.repeat(32)}${key}`, 'hex'))
  t.strictSame(derived(), { key })
  t.equal(
    readFileSync(`${folder}/asked`, 'latin1'),
    '1 0 0 29 1 0 7308000000000003',
    'policy, measurement, levels',
  )
  for (const bad of [`16${'00'.repeat(31)}${key}`, '00'.repeat(64)]) {
    writeFileSync(`${folder}/answer`, Buffer.from(bad, 'hex'))
    t.match(derived(), { code: 'ATTESTATION_FAILED', message: 'the firmware derived no key' })
  }
})

t.test('a file that is no driver is called so', { skip: withoutNative }, async (t) => {
  const device = await openSevGuestDevice(undefined, '/dev/null')
  t.throws(() => device.deriveKey({ vmpl: 0, tcb: new Uint8Array(8) }), {
    code: 'ATTESTATION_FAILED',
    message: '/dev/null is no SEV-SNP guest driver (ENOTTY)',
  })
  device.close()
  await t.rejects(openSevGuestDevice(undefined, '/dev/perf-agg-none'), { code: 'DEVICE_UNREADABLE' })
})
