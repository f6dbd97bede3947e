/** The arithmetic of the command centre: sums over sittings, the longest bars, shares. */

import type { CountsAt, GroupCounts } from '../wire'

export const LINES = ['entered', 'running', 'offline', 'flagged', 'handed_in'] as const
export type Line = (typeof LINES)[number]

const STEP_MS = 10_000 // sittings are counted a few seconds apart: within a step they are one moment
const ZERO = { entered: 0, running: 0, offline: 0, flagged: 0, handed_in: 0 }

/**
 * One line for all sittings: at each moment the sum of what each had last. A sitting counts from its first point on;
 * after its last one it keeps what it had.
 */
export function summed(sittings: readonly { points: readonly CountsAt[] }[]): CountsAt[] {
  const first = sittings.find((one) => one.points.length > 0)
  if (first === undefined) return []
  if (sittings.length === 1) return [...first.points]
  const moments = new Map<number, Map<number, CountsAt>>()
  sittings.forEach((sitting, index) => {
    for (const point of sitting.points) {
      const moment = Math.floor(Date.parse(point.at) / STEP_MS) * STEP_MS
      const held = moments.get(moment) ?? new Map<number, CountsAt>()
      moments.set(moment, held.set(index, point))
    }
  })
  const latest = new Map<number, CountsAt>()
  return [...moments.entries()]
    .sort(([one], [other]) => one - other)
    .map(([moment, points]) => {
      for (const [index, point] of points) latest.set(index, point)
      return { at: new Date(moment).toISOString(), ...total(latest.values()) }
    })
}

function total(points: Iterable<CountsAt>): Omit<CountsAt, 'at'> {
  const sum = { ...ZERO }
  for (const point of points) for (const line of LINES) sum[line] += point[line]
  return sum
}

export interface Ranked {
  shown: GroupCounts[]
  /** The sum of those not shown, and how many they are. */
  rest: GroupCounts | null
  restCount: number
}

/** The `most` largest groups by people expected, the rest in one. */
export function ranked(groups: readonly GroupCounts[], most: number): Ranked {
  const sorted = [...groups].sort((one, other) => other.expected - one.expected || (one.key < other.key ? -1 : 1))
  const left = sorted.slice(most)
  if (left.length === 0) return { shown: sorted, rest: null, restCount: 0 }
  const rest: GroupCounts = { key: '', expected: 0, ...ZERO }
  for (const group of left) {
    rest.expected += group.expected
    for (const line of LINES) rest[line] += group[line]
  }
  return { shown: sorted.slice(0, most), rest, restCount: left.length }
}

export interface Segments {
  handed_in: number
  running: number
  offline: number
  /** Entered, but neither running nor handed in. */
  before: number
}

/**
 * Widths of a bar in percent of the people expected (or of those who are there, should they be more). Who is offline
 * is still running: the two are drawn apart and never counted twice.
 */
export function segments(group: GroupCounts): Segments {
  const whole = Math.max(group.expected, group.entered, 1)
  const part = (count: number): number => (100 * Math.max(0, count)) / whole
  const offline = Math.min(group.offline, group.running)
  return {
    handed_in: part(group.handed_in),
    running: part(group.running - offline),
    offline: part(offline),
    before: part(group.entered - group.running - group.handed_in),
  }
}

/** About how wide the longest of these names is, in the height of its letters: a Chinese character is square. */
export function nameEms(names: readonly string[]): number {
  const width = (name: string) => [...name].reduce((sum, letter) => sum + (letter > '\u2e7f' ? 1 : 0.58), 0)
  return Math.ceil(Math.max(0, ...names.map(width)))
}

/** Whole percent who entered, never 100 while somebody is missing. */
export function entryPercent(group: Pick<GroupCounts, 'expected' | 'entered'>): number {
  if (group.expected === 0) return 0
  return Math.min(100, Math.floor((100 * group.entered) / group.expected))
}

const AXIS_MS_MIN = 10 * 60_000
const LONG_MS = 20 * 3_600_000

/** From when to when the axis goes: a single moment does not become days, and a long line needs dates on its axis. */
export function axisOf(points: readonly Pick<CountsAt, 'at'>[]): { min: number; max: number; long: boolean } {
  const instants = points.map((point) => Date.parse(point.at))
  const [first, last] = [instants[0] ?? 0, instants[instants.length - 1] ?? 0]
  const spare = Math.max(0, AXIS_MS_MIN - (last - first)) / 2
  return { min: first - spare, max: last + spare, long: last - first > LONG_MS }
}

/** Incidents by kind, most first, at most `most` kinds and then the rest. */
export function incidentRows(
  incidents: Readonly<Record<string, number>>,
  most: number,
): { rule: string; count: number }[] {
  const all = Object.entries(incidents)
    .filter(([, count]) => count > 0)
    .map(([rule, count]) => ({ rule, count }))
    .sort((one, other) => other.count - one.count || (one.rule < other.rule ? -1 : 1))
  if (all.length <= most) return all
  const rest = all.slice(most - 1).reduce((sum, row) => sum + row.count, 0)
  return [...all.slice(0, most - 1), { rule: '', count: rest }]
}

/** How the face models are, in one word: fine, or the server's reason, or that fewer work than should. */
export function visionState(vision: { reason: string; workers: number; workers_alive: number }): string {
  if (vision.reason !== '') return vision.reason
  return vision.workers_alive < vision.workers ? 'fewer' : 'fine'
}
