<#
.SYNOPSIS
  Registers an exchange account with a perf-agg enclave.
.DESCRIPTION
  Asks for the credentials (they are not shown) and hands them to `perf-agg register` on standard input, which appraises
  the enclave, seals them to it and submits them. They never stand on a command line of another process, in the
  environment or on disk.
.EXAMPLE
  ./register-user.ps1 -UserId trader-john -Exchange binance -ServiceUrl https://enclave.example -Policy policy.json
.EXAMPLE
  ./register-user.ps1 -UserId trader-john -Exchange binance -Sandbox -InsecureSimulated
#>
[CmdletBinding()]
param(
  # Who you are to the backend; stands in every statement.
  [Parameter(Mandatory = $true)] [string] $UserId,
  # binance, ...
  [Parameter(Mandatory = $true)] [string] $Exchange,
  # Better left out: you are asked then.
  [string] $ApiKey,
  [string] $Secret,
  # The enclave API.
  [string] $ServiceUrl = 'http://127.0.0.1:3000',
  [ValidateSet('spot', 'futures', 'margin')] [string] $AccountType = 'spot',
  # The exchange's test environment.
  [switch] $Sandbox,
  # Sealed registration. It is the default; -Secure:$false sends in clear, where the operator allows it, and asks first.
  [switch] $Secure = $true,
  # What you trust: a policy file.
  [string] $Policy,
  # Take a simulated enclave, whose operator can read everything. For trying things out.
  [switch] $InsecureSimulated,
  [string] $Label
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

function Read-Hidden([string] $Prompt) {
  $typed = Read-Host -Prompt $Prompt -AsSecureString
  $pointer = [Runtime.InteropServices.Marshal]::SecureStringToBSTR($typed)
  try { return [Runtime.InteropServices.Marshal]::PtrToStringBSTR($pointer) }
  finally {
    [Runtime.InteropServices.Marshal]::ZeroFreeBSTR($pointer)
    $typed.Dispose()
  }
}

if ($PSBoundParameters.ContainsKey('ApiKey') -or $PSBoundParameters.ContainsKey('Secret')) {
  Write-Warning 'What you gave as -ApiKey or -Secret now stands in the history of this shell (Get-PSReadLineOption, HistorySavePath). Leave them out to be asked, and replace a key that stood there.'
}

$needsCredentials = $Exchange -notin @('mock', 'push')
$credentials = [ordered]@{}
if ($needsCredentials) {
  if (-not $ApiKey) { $ApiKey = Read-Hidden "$Exchange API key" }
  if (-not $Secret) { $Secret = Read-Hidden "$Exchange secret" }
  $credentials['api_key'] = $ApiKey
  $credentials['secret'] = $Secret
  if ($Exchange -in @('okx', 'kucoin', 'bitget')) { $credentials['passphrase'] = Read-Hidden "$Exchange passphrase" }
}

$arguments = @('register', '--service-url', $ServiceUrl, '--client-id', $UserId, '--exchange', $Exchange,
  '--account-type', $AccountType, '--credentials-file', '-')
if ($Sandbox) { $arguments += '--sandbox' }
if ($Policy) { $arguments += @('--policy', $Policy) }
if ($InsecureSimulated) { $arguments += '--insecure-simulated' }
if ($Label) { $arguments += @('--label', $Label) }
if (-not $Secure) {
  $answer = Read-Host -Prompt 'In clear: whoever runs that machine can read the credentials, and every statement says so. Go on? [y/N]'
  if ($answer -notmatch '^(y|yes)$') { exit 130 }
  $arguments += @('--plain', '--yes')
}

# The command beside this script where it was installed with it, else the one on the path.
$local = Join-Path $PSScriptRoot 'perf-agg.js'
$OutputEncoding = [Text.UTF8Encoding]::new($false)
try {
  if (Test-Path $local) { ($credentials | ConvertTo-Json -Compress) | & node $local @arguments }
  else { ($credentials | ConvertTo-Json -Compress) | & perf-agg @arguments }
  exit $LASTEXITCODE
}
finally {
  $credentials.Clear()
  Remove-Variable -Name ApiKey, Secret -ErrorAction SilentlyContinue
}
