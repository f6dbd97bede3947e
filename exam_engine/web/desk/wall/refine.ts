/** Filters beside the counters: several at once, all of them must fit; within one of them any value will do. */

import { isOver, offlineSeconds } from '../board/countdown'
import type { Tile } from '../wire'
import type { LookBook } from './looks'

export const OFFLINE_LONG_S = 60
export const WHYS = ['no_model', 'model_slow', 'no_photo', 'doubtful', 'tries_over', 'no_consent', 'no_camera'] as const
export const LEVELS = [1, 2, 3, 4] as const
export const SWITCHES = ['news', 'unreviewed', 'unacknowledged', 'offline_long', 'claimed_by_me', 'case_open'] as const
export type Switch = (typeof SWITCHES)[number]

export interface Refinement {
  levels: readonly number[]
  faces: readonly string[]
  whys: readonly string[]
  switches: readonly Switch[]
  room: number | null
  organisation: string
}

export const NOT_REFINED: Refinement = { levels: [], faces: [], whys: [], switches: [], room: null, organisation: '' }

export interface Seen {
  nowMs: number
  me: string
  looks: LookBook
}

const SWITCHED: Record<Switch, (tile: Tile, seen: Seen) => boolean> = {
  news: (tile, seen) => seen.looks.hasNews(tile),
  unreviewed: (tile) => tile.incidents > 0,
  unacknowledged: (tile) => tile.notices_open > 0 && !isOver(tile.phase),
  offline_long: (tile, seen) => !isOver(tile.phase) && (offlineSeconds(tile, seen.nowMs) ?? 0) > OFFLINE_LONG_S,
  claimed_by_me: (tile, seen) => tile.claimed_by === seen.me && seen.me !== '',
  case_open: (tile) => tile.case_open,
}

export function passes(refinement: Refinement, tile: Tile, seen: Seen): boolean {
  const { levels, faces, whys, room, organisation } = refinement
  if (levels.length > 0 && !levels.includes(tile.worst)) return false
  if (faces.length > 0 && !faces.includes(tile.face)) return false
  if (whys.length > 0 && (tile.identity !== 'waiting' || !whys.includes(tile.why))) return false
  if (room !== null && tile.room !== room) return false
  if (organisation !== '' && tile.organisation !== organisation) return false
  return refinement.switches.every((name) => SWITCHED[name](tile, seen))
}

/** Each thing that is filtered by, so that it can be shown and taken back alone. */
export interface Part {
  key: 'level' | 'face' | 'why' | 'switch' | 'room' | 'organisation'
  value: string | number
  without: Refinement
}

export function parts(of: Refinement): Part[] {
  const less = <T>(all: readonly T[], one: T): T[] => all.filter((other) => other !== one)
  return [
    ...of.levels.map((value): Part => ({ key: 'level', value, without: { ...of, levels: less(of.levels, value) } })),
    ...of.switches.map((value): Part => ({ key: 'switch', value, without: { ...of, switches: less(of.switches, value) } })),
    ...of.faces.map((value): Part => ({ key: 'face', value, without: { ...of, faces: less(of.faces, value) } })),
    ...of.whys.map((value): Part => ({ key: 'why', value, without: { ...of, whys: less(of.whys, value) } })),
    ...(of.room === null ? [] : [{ key: 'room' as const, value: of.room, without: { ...of, room: null } }]),
    ...(of.organisation === ''
      ? []
      : [{ key: 'organisation' as const, value: of.organisation, without: { ...of, organisation: '' } }]),
  ]
}

export function toggledIn<T>(all: readonly T[], one: T): T[] {
  return all.includes(one) ? all.filter((other) => other !== one) : [...all, one]
}

/** `rooms` null: everybody is in scope. */
export function inRooms(rooms: ReadonlySet<number> | null, tile: Tile): boolean {
  return rooms === null || rooms.has(tile.room)
}

export function organisationsOf(tiles: Iterable<Tile>, locale: string): string[] {
  const names = new Set<string>()
  for (const tile of tiles) if (tile.organisation !== '') names.add(tile.organisation)
  return [...names].sort(new Intl.Collator(locale).compare)
}
