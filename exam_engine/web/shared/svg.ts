/** Pictures the server draws as SVG, which it sends without a namespace. */

/** Shown as an image: whatever it holds, nothing in it runs. */
export function pictureOf(svg: string): string {
  const named = /^<svg[^>]*xmlns=/.test(svg) ? svg : svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
  return `data:image/svg+xml,${encodeURIComponent(named)}`
}
