/**
 * An item, with its set, while it is edited: every change is on the shelf at once and with the server a moment later. What
 * the server did not take stays here and is tried again; what somebody else changed meanwhile is put before the writer.
 */

import { asProblem, type Problem } from '@shared/problem'
import { computed, type ComputedRef, onScopeDispose, type Ref, ref, shallowRef } from 'vue'
import { useLogInAgain } from '../admin/parts/useAsk'
import { me } from '../session'
import { bankHttp } from './http'
import { CONFLICTS, edited, isDirty, type Member, memberOf, nextDirty, type SaveState, taken, withMine, withTheirs } from './saving'
import type { BankItemDetail, ItemContent } from './shapes'
import { shelve, shelved, unshelve } from './shelf'

const QUIET_MS = 900
const RETRY_MS = 5_000

export interface Editing {
  members: Ref<readonly Member[]>
  details: Ref<ReadonlyMap<number, BankItemDetail>>
  /** What the server said last of any of them; its problems are those of the whole set. */
  latest: Ref<BankItemDetail | null>
  state: Ref<SaveState>
  problem: Ref<Problem | null>
  /** What somebody else made of an item whose changes are not saved. */
  conflict: Ref<BankItemDetail | null>
  dirty: ComputedRef<boolean>
  load(itemId: number): Promise<void>
  edit(id: number, content: ItemContent): void
  /** Save at once; resolves with whether everything is with the server. */
  flush(): Promise<boolean>
  /** Take a newer word of the server on an item that has no unsaved changes. */
  put(detail: BankItemDetail): void
  takeTheirs(): void
  keepMine(): void
  drop(): void
}

export function useEditing(): Editing {
  const members = shallowRef<readonly Member[]>([])
  const details = shallowRef<ReadonlyMap<number, BankItemDetail>>(new Map())
  const latest = shallowRef<BankItemDetail | null>(null)
  const state = ref<SaveState>('clean')
  const problem = shallowRef<Problem | null>(null)
  const conflict = shallowRef<BankItemDetail | null>(null)
  const dirty = computed(() => members.value.some(isDirty))
  const toLogIn = useLogInAgain()
  const account = me.value?.account_id ?? 0
  let run = 0 // an answer about an item that was left meanwhile is nobody's
  let timer: ReturnType<typeof setTimeout> | undefined
  let running: Promise<boolean> | null = null

  async function load(itemId: number): Promise<void> {
    const mine = ++run
    clearTimeout(timer)
    problem.value = null
    conflict.value = null
    try {
      const detail = await bankHttp.item(itemId)
      const others = await Promise.all(detail.set.filter((row) => row.item_id !== itemId).map((row) => bankHttp.item(row.item_id)))
      if (mine !== run) return
      begin([detail, ...others].sort((one, other) => one.row.item_id - other.row.item_id), detail)
    } catch (error) {
      if (mine !== run) return
      problem.value = asProblem(error)
      toLogIn(problem.value)
    }
  }

  function begin(all: readonly BankItemDetail[], asked: BankItemDetail): void {
    details.value = new Map(all.map((one) => [one.row.item_id, one]))
    latest.value = asked
    members.value = all.map(memberOf)
    state.value = 'clean'
    all.forEach(restore)
    if (dirty.value && conflict.value === null) later(0)
  }

  /** What was on the shelf is written again, unless the item has changed since: then the writer decides. */
  function restore(detail: BankItemDetail): void {
    const held = shelved(account, detail.row.item_id)
    if (held === null) return
    members.value = edited(members.value, detail.row.item_id, held.content)
    const member = members.value.find((one) => one.id === detail.row.item_id)
    if (member === undefined || !isDirty(member)) unshelve(account, detail.row.item_id)
    else if (held.revision !== member.revision || !detail.acts.includes('edit')) clash(detail)
  }

  function clash(detail: BankItemDetail): void {
    conflict.value = detail
    state.value = 'conflict'
  }

  function edit(id: number, content: ItemContent): void {
    members.value = edited(members.value, id, content)
    for (const one of members.value.filter(isDirty)) shelve(account, one.id, { revision: one.revision, content: one.content })
    if (conflict.value !== null) return
    state.value = 'waiting'
    later(QUIET_MS)
  }

  function later(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), ms)
  }

  function flush(): Promise<boolean> {
    clearTimeout(timer)
    running ??= save().finally(() => (running = null))
    return running
  }

  async function save(): Promise<boolean> {
    const mine = run
    while (conflict.value === null) {
      const next = nextDirty(members.value)
      if (next === null) {
        await renew(mine)
        if (state.value !== 'clean' && !dirty.value) state.value = 'saved'
        if (!dirty.value) return true
        continue
      }
      state.value = 'saving'
      if (!(await saveOne(next, mine))) return false
    }
    return false
  }

  /** Read again what the server changed along with another item of the set: it may have a working copy only now. */
  async function renew(mine: number): Promise<void> {
    const stale = members.value.filter((one) => (details.value.get(one.id)?.row.revision ?? one.revision) < one.revision)
    const fresh = await Promise.all(stale.map((one) => bankHttp.item(one.id).catch(() => null)))
    if (mine !== run) return
    const found = fresh.filter((one) => one !== null)
    details.value = new Map([...details.value, ...found.map((one) => [one.row.item_id, one] as const)])
  }

  async function saveOne(member: Member, mine: number): Promise<boolean> {
    const sent = member.content
    try {
      const detail = await bankHttp.save(member.id, member.revision, sent)
      if (mine !== run) return false
      problem.value = null
      members.value = taken(members.value, member.id, sent, detail)
      remember(detail)
      for (const one of members.value) if (!isDirty(one)) unshelve(account, one.id)
      return true
    } catch (error) {
      if (mine === run) await refused(member.id, asProblem(error))
      return false
    }
  }

  async function refused(id: number, said: Problem): Promise<void> {
    problem.value = said
    toLogIn(said)
    if (said.passing) {
      state.value = 'offline'
      later(RETRY_MS)
      return
    }
    state.value = 'refused'
    if (!CONFLICTS.has(said.code)) return
    try {
      const theirs = await bankHttp.item(id)
      clash(theirs)
    } catch (error) {
      problem.value = asProblem(error)
    }
  }

  function remember(detail: BankItemDetail): void {
    details.value = new Map([...details.value, [detail.row.item_id, detail]])
    latest.value = detail
  }

  function put(detail: BankItemDetail): void {
    const { row } = detail
    const known = members.value.find((one) => one.id === row.item_id)
    members.value = known !== undefined && isDirty(known) ? withMine(members.value, detail) : withTheirs(members.value, detail)
    remember(detail)
  }

  function settle(): void {
    conflict.value = null
    problem.value = null
  }

  function takeTheirs(): void {
    const theirs = conflict.value
    if (theirs === null) return
    unshelve(account, theirs.row.item_id)
    members.value = withTheirs(members.value, theirs)
    remember(theirs)
    settle()
    state.value = 'clean'
    if (dirty.value) later(0)
  }

  function keepMine(): void {
    const theirs = conflict.value
    if (theirs === null) return
    members.value = withMine(members.value, theirs)
    remember(theirs)
    settle()
    later(0)
  }

  /** Forget what was not saved. */
  function drop(): void {
    for (const one of members.value) unshelve(account, one.id)
    members.value = members.value.map((one) => ({ ...one, content: one.saved }))
    settle()
    state.value = 'clean'
  }

  const again = (): void => {
    if (dirty.value && conflict.value === null) void flush()
  }
  window.addEventListener('online', again)
  onScopeDispose(() => {
    clearTimeout(timer)
    run += 1
    window.removeEventListener('online', again)
  })
  return { members, details, latest, state, problem, conflict, dirty, load, edit, flush, put, takeTheirs, keepMine, drop }
}
