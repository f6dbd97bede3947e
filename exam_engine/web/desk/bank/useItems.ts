/**
 * The list of this tab. It belongs to no page: whoever opens an item and comes back finds the list where it was, and the
 * item's page goes from one to the next by it.
 */

import { asProblem, type Problem } from '@shared/problem'
import { ref, shallowReadonly, shallowRef } from 'vue'
import { askedOf, type BankFilter } from './filters'
import { bankHttp } from './http'
import { begun, extended, type Held, NOTHING } from './listing'
import type { BankItemRow, MovedItems } from './shapes'

const held = shallowRef<Held>(NOTHING)
const loaded = ref(false)
const busy = ref(false)
const problem = shallowRef<Problem | null>(null)
const cursor = ref<number | null>(null)
let filter: BankFilter | null = null
let question = 0 // an answer to a filter that was left meanwhile is nobody's

async function load(after: string | null): Promise<void> {
  if (filter === null) return
  const mine = ++question
  busy.value = true
  try {
    const page = await bankHttp.items(askedOf(filter, after))
    if (mine !== question) return
    held.value = after === null ? begun(page) : extended(held.value, page)
    problem.value = null
    loaded.value = true
  } catch (error) {
    if (mine === question) problem.value = asProblem(error)
  } finally {
    if (mine === question) busy.value = false
  }
}

function aim(next: BankFilter): void {
  if (filter !== null && JSON.stringify(filter) === JSON.stringify(next)) {
    if (loaded.value && held.value.rows.length <= 50) void load(null)
    return
  }
  filter = next
  held.value = NOTHING
  loaded.value = false
  cursor.value = null
  void load(null)
}

async function more(): Promise<void> {
  if (held.value.next !== null && !busy.value) await load(held.value.next)
}

/** Rows as the server has them after an act on one of them. */
function put(rows: readonly BankItemRow[]): void {
  const fresh = new Map(rows.map((row) => [row.item_id, row]))
  held.value = { ...held.value, rows: held.value.rows.map((row) => fresh.get(row.item_id) ?? row) }
}

function moved(answer: MovedItems): void {
  const lines = new Map(answer.lines.filter((line) => line.refused === '').map((line) => [line.item_id, line]))
  held.value = {
    ...held.value,
    rows: held.value.rows.map((row) => {
      const line = lines.get(row.item_id)
      return line === undefined ? row : { ...row, status: line.status, draft: line.draft, revision: line.revision, returned: row.returned && line.draft === 'draft' }
    }),
  }
}

/** Nobody else reads what this account found. */
export function forgetItems(): void {
  filter = null
  question += 1
  held.value = NOTHING
  loaded.value = false
  cursor.value = null
}

export function useItems() {
  return {
    held: shallowReadonly(held),
    loaded: shallowReadonly(loaded),
    busy: shallowReadonly(busy),
    problem: shallowReadonly(problem),
    cursor,
    aim,
    more,
    reload: () => load(null),
    put,
    moved,
  }
}

/** The neighbours of an item in the list; null at its ends, and when it is not in it. */
export function neighbours(rows: readonly BankItemRow[], itemId: number): { back: number | null; next: number | null } {
  const at = rows.findIndex((row) => row.item_id === itemId)
  if (at < 0) return { back: null, next: null }
  return { back: rows[at - 1]?.item_id ?? null, next: rows[at + 1]?.item_id ?? null }
}
