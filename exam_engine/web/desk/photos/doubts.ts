/** From codes about a photo to sentences: its quality, whom it looks like, or why a file or a whole was refused. */

import { sayCode, type Words } from '../parts/saying'
import type { ImportedPhoto } from '../wire'

export function sayDoubt(words: Words, code: string): string {
  const own = [`desk.photos.doubt.${code}`, `desk.photos.problem.${code}`].find((key) => words.te(key))
  if (own !== undefined) return words.t(own, {})
  const known = words.te(`codes.${code}`) || words.te(`desk.codes.${code}`)
  return known ? sayCode(words, code) : words.t('desk.photos.doubt.other', { code })
}

/** Why a file was not simply taken; empty when it was. */
export function whyNot(words: Words, photo: ImportedPhoto, comma: string): string {
  const codes = [...(photo.problem === '' ? [] : [photo.problem]), ...photo.doubts]
  return codes.map((code) => sayDoubt(words, code)).join(comma)
}
