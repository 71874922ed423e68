/** The fine interwoven lines of a signed paper; drawn once, on the server. */
export function Guilloche() {
  return (
    <svg className="guilloche" viewBox="0 0 1440 48" preserveAspectRatio="none" aria-hidden focusable="false">
      {Array.from({ length: 14 }, (_, i) => <path key={i} d={wave(i)} vectorEffect="non-scaling-stroke" />)}
    </svg>
  )
}

function wave(i: number): string {
  const phase = (i / 14) * Math.PI * 2
  const points: string[] = []
  for (let x = 0; x <= 1440; x += 8) {
    const swell = 7 + 11 * Math.sin((x / 1440) * Math.PI * 6 + i * 0.05) ** 2
    points.push(`${x} ${(24 + swell * Math.sin(x / 36 + phase)).toFixed(1)}`)
  }
  return `M${points.join('L')}`
}
