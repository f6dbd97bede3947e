/** Is something over the lens? Told from a picture of 16×12 points, every other second; no model, no work to speak of. */

export interface Light {
  /** Brightness, 0 to 255. */
  mean: number
  /** Its standard deviation over the picture. */
  spread: number
}

export const POINTS = { width: 16, height: 12 } as const
export const EVERY_MS = 2_000
const DARK_MAX = 18 // black video is 16, a face lit by a screen alone 30 and more
const EVEN_MAX = 6 // of a finger or tape over the lens; a room with anything in it gives 30
const IN_A_ROW = 2

export function lightOf(rgba: ArrayLike<number>): Light {
  const count = Math.max(1, Math.floor(rgba.length / 4))
  let sum = 0
  let squares = 0
  for (let i = 0; i + 3 < rgba.length; i += 4) {
    const grey = ((rgba[i] ?? 0) + (rgba[i + 1] ?? 0) + (rgba[i + 2] ?? 0)) / 3
    sum += grey
    squares += grey * grey
  }
  const mean = sum / count
  return { mean, spread: Math.sqrt(Math.max(0, squares / count - mean * mean)) }
}

export const looksCovered = ({ mean, spread }: Light): boolean => mean < DARK_MAX || spread < EVEN_MAX

/** One dark look may be a hand passing by; two in a row are told, with when the first one was. */
export class CoverWatch {
  private since: number | null = null
  private looks = 0

  /** When the cover began, or null while the picture is good (or was so a moment ago). */
  look(light: Light, now: number): number | null {
    if (!looksCovered(light)) {
      this.reset()
      return null
    }
    this.since ??= now
    this.looks += 1
    return this.looks >= IN_A_ROW ? this.since : null
  }

  reset(): void {
    this.since = null
    this.looks = 0
  }
}
