/**
 * A policy while somebody changes it: what the fields hold, what is wrong in them, what differs from the server's, and
 * how two people's changes come together.
 */

import { fromField, toField } from '../parts/shanghai'
import type { ExamOrder, Policy, PolicyView, RecordLevel, SittingWindow, Window } from '../shapes'

export const WINDOWS = ['registration', 'evaluation', 'exemption'] as const
export const NUMBERS = [
  'min_registered_months',
  'simple_years',
  'simple_years_clean',
  'correction_days',
  'escalate_h',
  'bind_tries_max',
  'batch_max',
  'makeup_notice_days',
  'makeup_move_days',
  'absence_days',
] as const
export const LISTS = ['other_conditions', 'other_exemptions'] as const
export const SWITCHES = ['allow_voluntary', 'deferral', 'makeup', 'print_notice'] as const
export const ORDERS: readonly ExamOrder[] = ['any', 'humanities_first', 'professional_first']
export const LEVELS: readonly RecordLevel[] = ['county', 'city', 'province', 'nation']
export const LINES_MAX = 10
export const LINE_CHARS_MAX = 200

export type WindowName = (typeof WINDOWS)[number]
export type NumberName = (typeof NUMBERS)[number]
export type ListName = (typeof LISTS)[number]
export type SwitchName = (typeof SWITCHES)[number]
export type PolicyName = keyof Policy

/** What is allowed, as the server has it (registration/policy.py). */
export const RANGES: Record<NumberName, { min: number; max: number }> = {
  min_registered_months: { min: 0, max: 600 },
  simple_years: { min: 0, max: 60 },
  simple_years_clean: { min: 0, max: 60 },
  correction_days: { min: 0, max: 366 },
  escalate_h: { min: 0, max: 240 },
  bind_tries_max: { min: 1, max: 100 },
  batch_max: { min: 1, max: 500 },
  makeup_notice_days: { min: 0, max: 366 },
  makeup_move_days: { min: 0, max: 366 },
  absence_days: { min: 0, max: 366 },
}

const DEFAULTS: Policy = {
  registration: null,
  evaluation: null,
  exemption: null,
  exam_order: 'any',
  min_registered_months: 36,
  allow_voluntary: true,
  simple_years: 5,
  simple_years_clean: 12,
  other_conditions: [],
  other_exemptions: [],
  good_record_level: 'city',
  deferral: false,
  correction_days: 5,
  escalate_h: 24,
  bind_tries_max: 5,
  batch_max: 100,
  makeup: true,
  makeup_notice_days: 7,
  makeup_move_days: 3,
  absence_days: 15,
  print_notice: true,
}

export const NAMES = Object.keys(DEFAULTS) as PolicyName[]

/** The fields of a window, in China's time; both empty: not announced. */
export interface WindowDraft {
  opens: string
  closes: string
}

export type Draft = Omit<Policy, WindowName | NumberName> &
  Record<WindowName, WindowDraft> &
  Record<NumberName, number | null>

export type Fault = 'half_window' | 'closes_first' | 'not_whole' | 'out_of_range' | 'empty_line' | 'same_line'

/** A policy with everything in it, whatever the server left to its defaults. */
export function whole(policy: PolicyView['policy']): Policy {
  return { ...DEFAULTS, ...policy }
}

export function draftOf(policy: Policy): Draft {
  const window = (name: WindowName): WindowDraft => ({
    opens: toField(policy[name]?.opens_at),
    closes: toField(policy[name]?.closes_at),
  })
  return { ...policy, ...each(WINDOWS, window), ...each(LISTS, (name) => [...policy[name]]) }
}

/** The window the fields say; `base`: a field left alone keeps its seconds. */
function windowOf(draft: WindowDraft, base: Window | null): Window | null {
  const opens_at = kept(draft.opens, base?.opens_at)
  const closes_at = kept(draft.closes, base?.closes_at)
  return opens_at === null || closes_at === null ? null : { opens_at, closes_at }
}

function kept(field: string, base: string | undefined): string | null {
  return base !== undefined && toField(base) === field ? base : fromField(field)
}

export function policyOf(draft: Draft, base: Policy): Policy {
  return {
    ...draft,
    ...each(WINDOWS, (name) => windowOf(draft[name], base[name])),
    ...each(NUMBERS, (name) => draft[name] ?? base[name]),
    ...each(LISTS, (name) => draft[name].map((line) => line.trim())),
  }
}

function each<Name extends string, Value>(names: readonly Name[], value: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, value(name)])) as Record<Name, Value>
}

export function windowFault(draft: WindowDraft): Fault | null {
  if (draft.opens === '' && draft.closes === '') return null
  const [opens, closes] = [fromField(draft.opens), fromField(draft.closes)]
  if (opens === null || closes === null) return 'half_window'
  return Date.parse(opens) < Date.parse(closes) ? null : 'closes_first'
}

export function numberFault(name: NumberName, value: number | null): Fault | null {
  if (value === null || !Number.isInteger(value)) return 'not_whole'
  return value < RANGES[name].min || value > RANGES[name].max ? 'out_of_range' : null
}

export function listFault(lines: readonly string[]): Fault | null {
  const trimmed = lines.map((line) => line.trim())
  if (trimmed.includes('')) return 'empty_line'
  return new Set(trimmed).size < trimmed.length ? 'same_line' : null
}

export function faultsOf(draft: Draft): Partial<Record<PolicyName, Fault>> {
  const found: [PolicyName, Fault | null][] = [
    ...WINDOWS.map((name): [PolicyName, Fault | null] => [name, windowFault(draft[name])]),
    ...NUMBERS.map((name): [PolicyName, Fault | null] => [name, numberFault(name, draft[name])]),
    ...LISTS.map((name): [PolicyName, Fault | null] => [name, listFault(draft[name])]),
  ]
  return Object.fromEntries(found.filter(([, fault]) => fault !== null))
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The fields in which two drafts differ, in the order of the form. */
export function changedIn(before: Draft, after: Draft): PolicyName[] {
  return NAMES.filter((name) => !same(before[name], after[name]))
}

/** What I changed, on top of what somebody else saved meanwhile; `clashes`: what both of us changed differently. */
export function rebased(base: Draft, mine: Draft, theirs: Draft): { draft: Draft; clashes: PolicyName[] } {
  const own = changedIn(base, mine)
  const draft = { ...theirs, ...Object.fromEntries(own.map((name) => [name, mine[name]])) } as Draft
  const others = new Set(changedIn(base, theirs))
  return { draft, clashes: own.filter((name) => others.has(name) && !same(mine[name], theirs[name])) }
}

export type Warning =
  'registration_ends_now' | 'evaluation_before_registration' | 'exemption_too_late' | 'order_of_exams'

const ms = (instant: string): number => Date.parse(instant)

/** What is allowed but probably not meant. */
export function warningsOf(view: Pick<PolicyView, 'sittings'>, was: Policy, will: Policy, nowMs: number): Warning[] {
  const found: Warning[] = []
  const isOpen = (window: Window | null) =>
    window !== null && ms(window.opens_at) <= nowMs && nowMs < ms(window.closes_at)
  if (isOpen(was.registration) && !isOpen(will.registration)) found.push('registration_ends_now')
  const { registration, evaluation, exemption } = will
  if (registration && evaluation && ms(evaluation.opens_at) < ms(registration.opens_at)) {
    found.push('evaluation_before_registration')
  }
  const firsts = (kind: string) => view.sittings.filter((one) => one.kind === kind && one.round === 'first')
  const professional = firsts('professional').map((one) => ms(one.closes_at))
  if (exemption && professional.length > 0 && ms(exemption.closes_at) > Math.max(...professional)) {
    found.push('exemption_too_late')
  }
  if (contradicts(will.exam_order, firsts('humanities'), firsts('professional'))) found.push('order_of_exams')
  return found
}

/** Whether the paper that comes first only opens when the other has closed already. */
function contradicts(order: ExamOrder, humanities: SittingWindow[], professional: SittingWindow[]): boolean {
  if (order === 'any' || humanities.length === 0 || professional.length === 0) return false
  const [gate, behind] = order === 'humanities_first' ? [humanities, professional] : [professional, humanities]
  const opens = Math.min(...gate.map((one) => ms(one.opens_at)))
  return Math.max(...behind.map((one) => ms(one.closes_at))) <= opens
}
