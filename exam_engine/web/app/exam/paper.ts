/** Questions about a paper that only need the paper: sets, chains, letters. */
import { letterAt } from '@shared/show'
import type { ItemView } from '@shared/shapes'

/** The neighbours of one set (A3, A4, B1) the item belongs to; itself alone when it belongs to none. */
export function setOf(items: readonly ItemView[], item: ItemView): ItemView[] {
  return item.group > 0 ? items.filter((one) => one.group === item.group) : [item]
}

/** In an A4 chain with "no way back": whoever answered further on can't change this one any more. */
export function isPast(items: readonly ItemView[], item: ItemView, touched: ReadonlySet<number>): boolean {
  return item.chain && setOf(items, item).some((one) => one.no > item.no && touched.has(one.no))
}

/** The choice after pressing `option`: replaced where one is allowed, else put in or taken out; ids sorted. */
export function chosen(item: ItemView, choice: string, option: string): string {
  if (!item.multiple) return option
  const rest = [...choice].filter((id) => id !== option)
  return (rest.length < choice.length ? rest : [...rest, option]).sort().join('')
}

/** A choice as the physician saw it: ids turned into the letters they were drawn with. */
export function lettersOf(item: ItemView, choice: string): string {
  return item.options.flatMap((option, index) => (choice.includes(option.id) ? [letterAt(index)] : [])).join('')
}
