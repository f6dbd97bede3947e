/** A policy in words: what a field holds, for whoever compares before and after. */

import { instant } from '@shared/show'
import { known, type Words } from '../../parts/saying'
import { fromField } from '../parts/shanghai'
import type { SittingWindow } from '../shapes'
import { type Draft, LISTS, NUMBERS, type PolicyName, SWITCHES, type WindowDraft, WINDOWS } from './draft'

const isOne = <Name extends string>(names: readonly Name[], name: string): name is Name =>
  (names as readonly string[]).includes(name)

export function sayValue(words: Words, locale: string, name: PolicyName, draft: Draft): string {
  if (isOne(WINDOWS, name)) return sayWindow(words, locale, draft[name])
  if (isOne(NUMBERS, name)) return `${draft[name] ?? ''} ${words.t(`admin.policy.unit.${name}`, {})}`.trim()
  if (isOne(SWITCHES, name)) return words.t(draft[name] ? 'admin.yes' : 'admin.no', {})
  if (isOne(LISTS, name))
    return draft[name].join(words.t('admin.semicolon', {})) || words.t('admin.policy.no_lines', {})
  return name === 'exam_order'
    ? words.t(`admin.policy.order.${draft.exam_order}.name`, {})
    : words.t(`admin.policy.level.${draft.good_record_level}`, {})
}

function sayWindow(words: Words, locale: string, window: WindowDraft): string {
  const [opens, closes] = [fromField(window.opens), fromField(window.closes)]
  if (opens === null || closes === null) return words.t('admin.policy.not_announced', {})
  return `${instant(opens, locale)} – ${instant(closes, locale)}`
}

export function saySitting(words: Words, sitting: Pick<SittingWindow, 'kind' | 'round'>): string {
  const kind = known(words, `desk.kind.${sitting.kind}`, sitting.kind)
  return `${kind} · ${known(words, `desk.round.${sitting.round}`, sitting.round)}`
}
