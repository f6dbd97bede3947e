/** The provinces by GB/T 2260, and 66 for 新疆生产建设兵团, which health administration treats as one. */

import { known, type Words } from '../../parts/saying'

export const PROVINCES = [
  '11',
  '12',
  '13',
  '14',
  '15',
  '21',
  '22',
  '23',
  '31',
  '32',
  '33',
  '34',
  '35',
  '36',
  '37',
  '41',
  '42',
  '43',
  '44',
  '45',
  '46',
  '50',
  '51',
  '52',
  '53',
  '54',
  '61',
  '62',
  '63',
  '64',
  '65',
  '66',
  '71',
  '81',
  '82',
] as const

/** The name of a province, or its code where it has none. Code 00 is the nation. */
export function provinceName(words: Words, code: string): string {
  if (code === '00') return words.t('admin.nation', {})
  return known(words, `reg.option.province.${code}`, known(words, `desk.centre.province.${code}`, code))
}
