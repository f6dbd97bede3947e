/** A code for a new set: nobody has to think of one, and two authors never take the same. */

const SIGNS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789' // none that are taken for one another

export function newSetCode(random: Uint8Array): string {
  return `S-${[...random].map((byte) => SIGNS[byte % SIGNS.length]).join('')}`
}
