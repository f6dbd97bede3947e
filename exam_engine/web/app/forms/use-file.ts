/** One part of the registration file on its page: filled in, handed in, taken back. */
import { computed, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { asProblem, type Problem } from '@shared/problem'
import { useLoggedOut } from '../road/logged-out'
import type { Texts } from './context'
import { fileServer } from './server'
import type { FileView, Subject, Values } from './shapes'
import { useDraft, type DraftPage } from './use-draft'

const FILLED_IN: readonly string[] = ['none', 'draft', 'org_returned', 'agy_returned']

export interface FilePage extends DraftPage<FileView> {
  subject: Subject
  view: ComputedRef<FileView | null>
  /** It is being filled in here; else it is read. */
  editing: ComputedRef<boolean>
  /** A decided one that may be applied for anew: he has said so. */
  again: Ref<boolean>
  busy: Ref<boolean>
  problem: Ref<Problem | null>
  /** He is asked whether he means it. */
  asking: Ref<'' | 'submit' | 'withdraw'>
  ask: () => Promise<void>
  submit: () => Promise<void>
  withdraw: () => Promise<void>
}

export function useFile(subject: Subject, texts?: (view: FileView, values: Values) => Record<string, Texts>): FilePage {
  const server = fileServer(subject)
  const loggedOut = useLoggedOut()
  const page = useDraft<FileView>(subject, server, { shown: (view) => view.shown, ...(texts ? { texts } : {}) })
  const again = ref(false)
  const busy = ref(false)
  const problem = shallowRef<Problem | null>(null)
  const asking = ref<FilePage['asking']['value']>('')
  const view = computed(() => page.state.value.view)
  const editing = computed(() => {
    const at = view.value
    return at !== null && at.editable && (FILLED_IN.includes(at.state) || again.value)
  })
  watch(
    () => view.value?.state,
    (state) => (page.attempted.value = state === 'org_returned' || state === 'agy_returned'),
  )

  /** True: nothing stands against handing in that could be seen from here. */
  function complete(): boolean {
    page.attempted.value = true
    const [first] = page.hard.value
    if (first) page.jump.value = { path: first.field }
    return !first
  }

  /** Before the question all is saved, so that the server has found what only it can find. */
  async function ask(): Promise<void> {
    problem.value = null
    if (busy.value || !complete()) return
    busy.value = true
    const sent = await page.draft()?.flush()
    busy.value = false
    if (!sent) problem.value = page.unsent()
    else if (complete()) asking.value = 'submit'
  }

  async function act(what: (version: number) => Promise<FileView>): Promise<void> {
    asking.value = ''
    const draft = page.draft()
    if (!draft || busy.value) return
    busy.value = true
    problem.value = null
    try {
      draft.take(await what(draft.at))
      again.value = false
      window.scrollTo({ top: 0 })
    } catch (error) {
      const against = asProblem(error)
      if (loggedOut(against)) return
      problem.value = against
      if (against.status === 409) await reread()
    } finally {
      busy.value = false
    }
  }

  /** It has moved: show how it stands now, and why that was refused. */
  async function reread(): Promise<void> {
    await page.draft()?.open()
    complete()
  }

  return { ...page, subject, view, editing, again, busy, problem, asking, ask, submit: () => act(server.submit), withdraw: () => act(server.withdraw) }
}
