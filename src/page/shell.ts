import { carriedId, carriedText, type Carried } from './carried.ts'

/** Code and style of the page, as they were built, with their digests for the content policy. */
export interface PageAssets {
  readonly script: string
  readonly style: string
  /** base64 SHA-256 */
  readonly scriptDigest: string
  readonly styleDigest: string
}

/** What a preview of a link shows: told by the server, verified by nobody. */
export interface Preview {
  readonly title: string
  readonly description: string
  readonly url: string
  readonly imageUrl: string
}

/**
 * What the page may do: run this script, use this style, and reach nobody; the live one reaches the enclave that
 * served it.
 */
export function contentPolicy({ scriptDigest, styleDigest }: PageAssets, live: boolean): string {
  return [
    "default-src 'none'",
    `script-src 'sha256-${scriptDigest}'`,
    `style-src 'sha256-${styleDigest}'`,
    `connect-src ${live ? "'self'" : "'none'"}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}

/**
 * The whole page as one text. It holds no figure: what it shows, it computes from what it has verified. The same input
 * gives the same bytes, so that whoever has a page can compare it with what this version makes.
 */
export function pageOf(assets: PageAssets, carried: Carried, preview: Preview | null = null): string {
  const live = carried.source.kind === 'live'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(assets, live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="perf-agg ${escaped(carried.version)}">
${preview === null ? '<meta name="robots" content="noindex">\n<title>Track record</title>' : previewTags(preview)}
<style>${assets.style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the record</a>
<header class="top" id="top"></header>
<main id="main" tabindex="-1">
<noscript><section class="verdict unable"><h1>Nothing was verified</h1>
<p>This page checks the record it carries by itself, for which it needs JavaScript. Without it, save the page and run
<code>perf-agg verify page.html</code>.</p></section></noscript>
</main>
<footer class="bottom" id="bottom"></footer>
<script type="application/json" id="${carriedId}">${carriedText(carried)}</script>
<script>${assets.script}</script>
</body>
</html>
`
}

function previewTags({ title, description, url, imageUrl }: Preview): string {
  const tags = [
    ['og:type', 'website'],
    ['og:title', title],
    ['og:description', description],
    ['og:url', url],
    ['og:image', imageUrl],
    ['og:image:type', 'image/png'],
    ['og:image:width', '1200'],
    ['og:image:height', '630'],
    ['og:image:alt', description],
    ['twitter:card', 'summary_large_image'],
  ]
  return [
    `<title>${escaped(title)}</title>`,
    `<meta name="description" content="${escaped(description)}">`,
    ...tags.map(([name, value]) => `<meta property="${name}" content="${escaped(value ?? '')}">`),
  ].join('\n')
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
