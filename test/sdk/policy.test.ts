import t from 'tap'
import { parsePolicy } from '../../sdk/index.ts'

const whole = {
  version: 1,
  accept: [
    {
      tee: 'sev-snp',
      measurement: ['ab'.repeat(48)],
      products: ['Genoa', 'Turin'],
      min_tcb: { snp: 20, microcode: 209 },
      vmpl: 0,
      signing_key: ['VCEK'],
      host_data: ['00'.repeat(32)],
    },
    {
      tee: 'tdx',
      mr_td: ['00'.repeat(48)],
      rtmr0: ['01'],
      rtmr1: ['02'],
      rtmr2: ['03'],
      rtmr3: ['04'],
      tcb_status: ['UpToDate'],
      allowed_advisories: [],
      min_tcb_evaluation: 18,
    },
    { tee: 'dstack-tdx', compose_hash: ['aa'], os_image_hash: ['bb'], app_id: ['cc'], key_provider: ['kms'] },
    { tee: 'nitro', pcrs: { '0': ['aa'], '1': ['bb'], '2': ['cc'], '8': ['dd'] } },
  ],
  max_age_s: 300,
  clock_skew_s: 60,
  require_crl: true,
  config: { permission_policy: 'read-only', environments: ['live'] },
  witnesses: { keys: ['w+1+k'], min: 1 },
  record: {
    min_coverage_pct: 99,
    max_gap_h: 24,
    max_evidence_gap_h: 25,
    max_age_h: 48,
    ownership: ['key-holder', 'proven'],
  },
}

t.test('takes the whole of a policy, and fills in what is left out', async (t) => {
  t.same(parsePolicy(whole), whole)
  const least = { version: 1, accept: [{ tee: 'tdx', mr_td: ['00'] }] }
  t.same(parsePolicy(least), {
    ...least,
    max_age_s: 300,
    clock_skew_s: 60,
    config: {},
    witnesses: { keys: [], min: 0 },
    record: {},
  })
})

t.test('refuses what could be read in two ways', async (t) => {
  const accept = (value: object): object => ({ ...whole, accept: [value] })
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ ...whole, version: 2 }, /version/],
    [{ ...whole, max_age: 1 }, /unknown member max_age/],
    [{ ...whole, accept: [] }, /accept must not be empty/],
    [{ version: 1 }, /accept is missing/],
    [{ ...whole, max_age_s: null }, /max_age_s/],
    [{ ...whole, require_crl: 'no' }, /require_crl/],
    [{ ...whole, witnesses: { keys: [], min: 1 } }, /witnesses\.min/],
    [{ ...whole, config: { digests: [] } }, /unknown member digests/],
    [{ ...whole, config: { environments: ['prod'] } }, /config\.environments\[0\]/],
    [{ ...whole, record: { min_coverage_pct: 101 } }, /record\.min_coverage_pct/],
    [accept({ tee: 'simulated' }), /accept\[0\]\.tee/],
    [accept({ tee: 'sev-snp', measurement: [] }), /measurement must not be empty/],
    [accept({ tee: 'sev-snp', measurement: ['AB'] }), /measurement\[0\] must be lower-case/],
    [accept({ tee: 'sev-snp' }), /measurement is missing/],
    [accept({ tee: 'sev-snp', measurement: ['ab'], mr_td: ['ab'] }), /unknown member mr_td/],
    [accept({ tee: 'sev-snp', measurement: ['ab'], min_tcb: { sev: 1 } }), /min_tcb/],
    [accept({ tee: 'tdx', mr_td: ['abc'] }), /mr_td\[0\]/],
    [accept({ tee: 'dstack-tdx', app_id: ['aa'] }), /compose_hash is missing/],
    [accept({ tee: 'nitro', pcrs: { '0': ['aa'], '1': ['bb'] } }), /pcrs\.2 is missing/],
    [accept({ tee: 'nitro', pcrs: { '00': ['aa'] } }), /pcrs must be by register number/],
  ]
  for (const [value, message] of refused)
    t.throws(() => parsePolicy(value), { code: 'POLICY_INVALID', message })
})
