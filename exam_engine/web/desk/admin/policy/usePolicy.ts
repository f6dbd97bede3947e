/** The policy of a cycle and province on this page: as the server has it, as it is being changed, and saving it. */

import type { Problem } from '@shared/problem'
import { computed, type Ref, ref, shallowRef } from 'vue'
import { adminHttp } from '../http'
import { useAsk } from '../parts/useAsk'
import type { PolicyView, SittingWindow } from '../shapes'
import { changedIn, type Draft, draftOf, faultsOf, type PolicyName, policyOf, rebased, whole } from './draft'

/** Somebody else saved meanwhile; `clashes`: what both changed, where this page kept its own. */
export interface Meanwhile {
  version: number
  theirs: Draft
  clashes: PolicyName[]
}

export interface PolicyEditing {
  view: Ref<PolicyView | null>
  saved: Ref<Draft | null>
  draft: Ref<Draft | null>
  meanwhile: Ref<Meanwhile | null>
  changes: Ref<PolicyName[]>
  faults: Ref<ReturnType<typeof faultsOf>>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  load(cycle: number, province: string): Promise<void>
  save(province: string): Promise<boolean>
  drop(): void
  takeTheirs(): void
  put(sitting: SittingWindow): void
}

export function usePolicy(): PolicyEditing {
  const view = shallowRef<PolicyView | null>(null)
  const draft = ref<Draft | null>(null) as Ref<Draft | null>
  const meanwhile = shallowRef<Meanwhile | null>(null)
  const ask = useAsk()
  const saved = computed(() => (view.value === null ? null : draftOf(whole(view.value.policy))))
  const changes = computed(() => (saved.value && draft.value ? changedIn(saved.value, draft.value) : []))
  const faults = computed(() => (draft.value === null ? {} : faultsOf(draft.value)))

  function show(found: PolicyView): void {
    view.value = found
    draft.value = draftOf(whole(found.policy))
    meanwhile.value = null
  }

  async function load(cycle: number, province: string): Promise<void> {
    view.value = null
    draft.value = null
    const found = await ask.run(() => adminHttp.policy(cycle, province))
    if (found !== null) show(found)
  }

  async function save(province: string): Promise<boolean> {
    const [was, mine] = [view.value, draft.value]
    if (was === null || mine === null || Object.keys(faults.value).length > 0) return false
    const body = { version: was.version, policy: policyOf(mine, whole(was.policy)) }
    const named = province === '' ? body : { ...body, province }
    const now = await ask.run(() => adminHttp.setPolicy(was.cycle, named))
    if (now !== null) show(now)
    else if (ask.problem.value?.code === 'changed_meanwhile') await lookAgain(was, mine, province)
    return now !== null
  }

  async function lookAgain(was: PolicyView, mine: Draft, province: string): Promise<void> {
    const now = await ask.run(() => adminHttp.policy(was.cycle, province))
    if (now === null) return
    const theirs = draftOf(whole(now.policy))
    const both = rebased(draftOf(whole(was.policy)), mine, theirs)
    view.value = now
    draft.value = both.draft
    meanwhile.value = { version: now.version, theirs, clashes: both.clashes }
  }

  function drop(): void {
    if (view.value !== null) show(view.value)
  }

  function takeTheirs(): void {
    const [held, found] = [draft.value, meanwhile.value]
    if (held === null || found === null) return
    draft.value = { ...held, ...Object.fromEntries(found.clashes.map((name) => [name, found.theirs[name]])) } as Draft
    meanwhile.value = { ...found, clashes: [] }
  }

  function put(sitting: SittingWindow): void {
    if (view.value === null) return
    const sittings = view.value.sittings.map((one) => (one.sitting_id === sitting.sitting_id ? sitting : one))
    view.value = { ...view.value, sittings }
  }

  const { busy, problem } = ask
  return { view, saved, draft, meanwhile, changes, faults, busy, problem, load, save, drop, takeTheirs, put }
}
