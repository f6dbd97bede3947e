/** Words that give a reason for an act on record; the limits are the server's. */

export const REASON_CHARS_MIN = 5
export const REASON_CHARS_MAX = 500

export function reasonFits(reason: string): boolean {
  const length = [...reason.trim()].length
  return length >= REASON_CHARS_MIN && length <= REASON_CHARS_MAX
}
