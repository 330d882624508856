/** The standard normal distribution in full double precision. */

const sqrtPi = Math.sqrt(Math.PI)

export function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)
}

/** Φ(x). */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2
  const upper = (z < 2.5 ? 1 - erfBySeries(z) : erfcByFraction(z)) / 2
  return x > 0 ? 1 - upper : upper
}

/** erf(z) = 2/√π · e^(−z²) · Σ 2^k z^(2k+1) / (2k+1)!!, all terms positive; for small z. */
function erfBySeries(z: number): number {
  let term = z
  let sum = z
  for (let k = 1; term > sum * 1e-17; k += 1) {
    term *= (2 * z * z) / (2 * k + 1)
    sum += term
  }
  return (2 / sqrtPi) * Math.exp(-z * z) * sum
}

/** erfc(z) = e^(−z²)/√π · 1/(z + (1/2)/(z + 1/(z + (3/2)/(z + …)))), backwards; for large z. */
function erfcByFraction(z: number): number {
  let fraction = z
  for (let k = 120; k >= 1; k -= 1) fraction = z + k / 2 / fraction
  return Math.exp(-z * z) / sqrtPi / fraction
}

/** Φ⁻¹(p): Newton's method on Φ in its lower half, where the relative error is small. */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p)
  if (p === 0.5) return 0
  let x = -Math.sqrt(-2 * Math.log(2 * p))
  for (let step = 0; step < 60; step += 1) {
    const change = (normalCdf(x) - p) / normalDensity(x)
    // Halley's correction; from below it converges from any start.
    const next = x - change / (1 + (x * change) / 2)
    if (Math.abs(next - x) <= 1e-16 * Math.abs(next)) return next
    x = next
  }
  return x
}
