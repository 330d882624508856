import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { verifyNitro } from '../../../sdk/evidence/nitro.ts'
import { concat, fromBase64url, utf8 } from '../../../sdk/bytes.ts'
import { nitroAttester } from '../../../src/enclave/attesters/nitro.ts'
import { attestationRequest } from '../../../src/enclave/attesters/nsm-message.ts'
import { nsmRequestBytesMax, openNsmDevice } from '../../../src/enclave/attesters/nsm-device.ts'
import { head, makeFakeNitro } from '../../vectors/attestation/fake-nitro.ts'
import { fakeNowMs } from '../../vectors/attestation/pki.ts'
import { refusals } from '../../vectors/attestation/reference.ts'
import { nsmAnswer } from './fake-machine.ts'
import { compileDriver, runBefore, withoutDriver, withoutNative } from './preloaded.ts'

/**
 * The way to the Nitro security module, through the native library and a real system call: against files that are no
 * module, and against a driver that stands in for the kernel's inside the process.
 */

const source = fileURLToPath(new URL('../../../src/enclave/attesters/', import.meta.url))
t.test('a file that is no security module is called so', { skip: withoutNative }, async (t) => {
  const folder = t.testdir({ regular: 'x' })
  for (const path of ['/dev/null', `${folder}/regular`]) {
    const device = await openNsmDevice(undefined, path)
    await t.rejects(device.request(attestationRequest(new Uint8Array(64))), {
      code: 'ATTESTATION_FAILED',
      message: `${path} is no Nitro security module (ENOTTY)`,
    })
    await t.rejects(device.request(new Uint8Array(nsmRequestBytesMax + 1)), { message: /too long/ })
    device.close()
    await t.rejects(device.request(Uint8Array.of(0xa0)), { message: /errno 9/ }, 'closed')
  }
  await t.rejects(openNsmDevice(undefined, `${folder}/missing`), {
    code: 'DEVICE_UNREADABLE',
    message: /ENOENT/,
  })
})

/** As `struct nsm_raw` and `NSM_IOCTL_RAW` stand in the kernel's include/uapi/linux/nsm.h. */
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
struct nsm_iovec { uint64_t addr; uint64_t len; };
struct nsm_raw { struct nsm_iovec request; struct nsm_iovec response; };
#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct nsm_raw)
int ioctl(int fd, unsigned long command, ...) {
  va_list list;
  va_start(list, command);
  void *argument = va_arg(list, void *);
  va_end(list);
  const char *folder = getenv("FAKE_DEVICE");
  if (folder == NULL || command != NSM_IOCTL_RAW) return (int)syscall(SYS_ioctl, fd, command, argument);
  struct nsm_raw *raw = argument;
  char path[4096];
  snprintf(path, sizeof path, "%s/request", folder);
  FILE *file = fopen(path, "w");
  fwrite((void *)(uintptr_t)raw->request.addr, 1, raw->request.len, file);
  fclose(file);
  snprintf(path, sizeof path, "%s/response", folder);
  file = fopen(path, "r");
  if (file == NULL) { errno = EMSGSIZE; return -1; }
  raw->response.len = fread((void *)(uintptr_t)raw->response.addr, 1, raw->response.len, file);
  fclose(file);
  return 0;
}
`

/** What the production code comes to in a process of its own, in front of that driver. */
function attested(folder: string, reportData: Uint8Array): Record<string, any> {
  return runBefore(
    folder,
    `const { openNsmDevice } = await import(${JSON.stringify(`${source}nsm-device.ts`)})
    const { nitroAttester } = await import(${JSON.stringify(`${source}nitro.ts`)})
    const device = await openNsmDevice(undefined, ${JSON.stringify(`${folder}/nsm`)})
    const reportData = Buffer.from(${JSON.stringify(Buffer.from(reportData).toString('hex'))}, 'hex')
    const told = await nitroAttester(device).attest(reportData).catch(({ code, message }) => ({ code, message }))
    console.log(JSON.stringify(told))`,
  )
}

t.test('a request goes as the kernel’s driver takes it', { skip: withoutDriver }, async (t) => {
  const folder = t.testdir({ 'driver.c': driver, nsm: '' })
  compileDriver(folder)

  const reportData = new Uint8Array(64).fill(9)
  const { roots, document } = await makeFakeNitro({ userData: reportData })
  writeFileSync(`${folder}/response`, nsmAnswer(document))
  const { evidence } = attested(folder, reportData)
  t.strictSame(
    new Uint8Array(readFileSync(`${folder}/request`)),
    Uint8Array.from(attestationRequest(reportData)),
    'the driver gets the very request',
  )
  const verified = await verifyNitro(fromBase64url(evidence.value), { atMs: fakeNowMs, roots })
  t.strictSame(refusals(verified.steps), [])
  t.strictSame(verified.reportData, reportData)

  const other = attested(folder, new Uint8Array(64).fill(8))
  t.match(other, { code: 'ATTESTATION_FAILED', message: /of something else/ })
  const text = (value: string): Uint8Array => concat(head(3, value.length), utf8(value))
  writeFileSync(`${folder}/response`, concat(head(5, 1), text('Error'), text('InvalidArgument')))
  t.match(attested(folder, reportData), { code: 'ATTESTATION_FAILED', message: /InvalidArgument/ })
  writeFileSync(`${folder}/response`, '')
  t.match(attested(folder, reportData), { code: 'ATTESTATION_FAILED', message: /answered nothing/ })
})

t.test('two who ask at once wait for each other', async (t) => {
  let open = 0
  let openMost = 0
  const attester = nitroAttester({
    request: async (cbor) => {
      openMost = Math.max(openMost, (open += 1))
      await new Promise((resolve) => setTimeout(resolve, 5))
      open -= 1
      return nsmAnswer(concat(cbor, utf8('document')))
    },
    close: () => undefined,
  })
  await Promise.all([1, 2, 3].map((byte) => attester.attest(new Uint8Array(64).fill(byte))))
  t.equal(openMost, 1)
})
