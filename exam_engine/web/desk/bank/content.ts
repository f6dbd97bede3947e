/** What an item says, while somebody writes it. Every change makes a new content; letters of the key follow their options. */

import type { ItemContent, ItemKind } from './shapes'

export const LETTERS = 'abcdefghijklmnopqrstuvwxyz'
export const OPTIONS_MIN = 2
export const OPTIONS_MAX = LETTERS.length
const OPTIONS_USUAL = 5

/** Items a set has: least, most. The twin of SET_SIZES in question_bank/item.py. */
export const SET_SIZES: Partial<Record<ItemKind, readonly [number, number]>> = { A3: [2, 3], A4: [2, 6], B1: [2, 10] }
export const inSets = (type: string): boolean => type in SET_SIZES
export const isCased = (type: string): boolean => type === 'A3' || type === 'A4'

export function blank(type: ItemKind, part: Partial<ItemContent> = {}): ItemContent {
  return {
    type,
    topic: '',
    difficulty: 2,
    stem: '',
    options: Array<string>(OPTIONS_USUAL).fill(''),
    key: '',
    explanation: '',
    fixed_order: false,
    set_code: '',
    case: '',
    category: '',
    specialties: [],
    level: '',
    pictures: [],
    ...part,
  }
}

/** What all items of a set say alike, and the server changes in all of them. */
export function sharedFields(type: string): (keyof ItemContent)[] {
  if (isCased(type)) return ['case']
  return type === 'B1' ? ['options', 'fixed_order'] : []
}

export const letterOf = (index: number): string => LETTERS[index] ?? ''
export const upperOf = (index: number): string => letterOf(index).toUpperCase()
const indices = (key: string): number[] => [...key].map((letter) => LETTERS.indexOf(letter))
const keyOf = (chosen: readonly number[]): string => [...new Set(chosen)].sort((a, b) => a - b).map(letterOf).join('')

export function withOption(content: ItemContent, index: number, text: string): ItemContent {
  return { ...content, options: content.options.map((old, at) => (at === index ? text : old)) }
}

/** An empty option before `index`. */
export function addOption(content: ItemContent, index = content.options.length): ItemContent {
  if (content.options.length >= OPTIONS_MAX) return content
  const options = [...content.options.slice(0, index), '', ...content.options.slice(index)]
  return { ...content, options, key: keyOf(indices(content.key).map((at) => (at >= index ? at + 1 : at))) }
}

export function removeOption(content: ItemContent, index: number): ItemContent {
  const options = content.options.filter((_, at) => at !== index)
  const left = indices(content.key).filter((at) => at !== index)
  return { ...content, options, key: keyOf(left.map((at) => (at > index ? at - 1 : at))) }
}

/** Change places with a neighbour. */
export function moveOption(content: ItemContent, index: number, by: -1 | 1): ItemContent {
  const other = index + by
  const [one, two] = [content.options[index], content.options[other]]
  if (one === undefined || two === undefined) return content
  const options = content.options.map((text, at) => (at === index ? two : at === other ? one : text))
  const swap = (at: number): number => (at === index ? other : at === other ? index : at)
  return { ...content, options, key: keyOf(indices(content.key).map(swap)) }
}

/** Press an option's letter: one of many, or one more with X. */
export function pressKey(content: ItemContent, index: number): ItemContent {
  const chosen = indices(content.key)
  if (content.type !== 'X') return { ...content, key: letterOf(index) }
  return { ...content, key: keyOf(chosen.includes(index) ? chosen.filter((at) => at !== index) : [...chosen, index]) }
}

const HEAD = /^\s*[（(]?[A-Za-z][.．、)）:：]\s*/

/** Lines of a pasted list as options, without their letters; null when it is one line, which is pasted as it is. */
export function linesOf(text: string): string[] | null {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== '')
  if (lines.length < 2) return null
  const lettered = lines.every((line) => HEAD.test(line))
  return lines.map((line) => (lettered ? line.replace(HEAD, '') : line))
}

/** Lines pasted into an option fill it and those after it; empty options are taken, others are moved down. */
export function pasteOptions(content: ItemContent, index: number, lines: readonly string[]): ItemContent {
  return lines.reduce((now, line, step) => {
    const at = index + step
    const room = at < now.options.length && (now.options[at] ?? '').trim() === '' ? now : addOption(now, at)
    return withOption(room, at, line)
  }, content)
}

/** Another kind of item: X may have several right ones, the others have one. */
export function retyped(content: ItemContent, type: ItemKind): ItemContent {
  return { ...content, type, key: type === 'X' ? content.key : content.key.slice(0, 1) }
}

const inOrder = (_: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

/** Whether two contents say the same, in whatever order their fields came. */
export function same(one: ItemContent, other: ItemContent): boolean {
  return JSON.stringify(one, inOrder) === JSON.stringify(other, inOrder)
}
