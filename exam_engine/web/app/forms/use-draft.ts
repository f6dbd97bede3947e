/** A draft on a page: opened with it, saved on leaving, with the complaints that are to be seen and where. */
import { computed, onBeforeUnmount, onMounted, provide, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { asProblem, Problem } from '@shared/problem'
import { whoAmI } from '../me'
import { useLoggedOut } from '../road/logged-out'
import { complaints as lookOver, FOUND_HERE, sectionOf } from './check'
import { CONTEXT, idOf, type Texts } from './context'
import { Draft, type DraftServer, type DraftState, type Standing } from './draft'
import { openShelf } from './shelf'
import type { Complaint, Form, Value, Values } from './shapes'

/** What is not there yet, rather than wrong: nobody is told so before he had a chance. */
const ABSENT = new Set(['missing', 'say_one', 'none_ticked'])
const EMPTY: Form = { code: '', sections: [] }

export interface DraftPage<V extends Standing> {
  state: Readonly<Ref<DraftState<V>>>
  form: ComputedRef<Form>
  /** All there are, those found here and those the server found, in the order of the form. */
  complaints: ComputedRef<Complaint[]>
  hard: ComputedRef<Complaint[]>
  /** From now on everything missing is said at its field. */
  attempted: Ref<boolean>
  uploads: Ref<number>
  /** Where somebody is to look next; a new object each time. */
  jump: Ref<{ path: string } | null>
  /** Why not everything is with the server; null while a person is asked about it. */
  unsent: () => Problem | null
  draft: () => Draft<V> | null
  open: () => Promise<void>
}

interface Options<V> {
  texts?: (view: V, values: Values) => Readonly<Record<string, Texts>>
  shown?: (view: V) => Record<string, string>
}

export function useDraft<V extends Standing>(
  name: string,
  server: DraftServer<V>,
  { texts = () => ({}), shown = () => ({}) }: Options<V> = {},
): DraftPage<V> {
  const loggedOut = useLoggedOut()
  const page = crypto.getRandomValues(new Uint32Array(2)).join('-')
  const start = new Draft<V>(server, { read: () => null, write: () => false, drop: () => undefined }, page, () => undefined)
  const state = shallowRef<DraftState<V>>(start.state)
  const attempted = ref(false)
  const uploads = ref(0)
  const jump = shallowRef<{ path: string } | null>(null)
  const entered = ref('')
  const left = ref<ReadonlySet<string>>(new Set())
  let draft: Draft<V> | null = null

  const form = computed(() => state.value.view?.form ?? EMPTY)
  const complaints = computed(() => allOf(form.value, state.value))
  const hard = computed(() => complaints.value.filter((one) => !one.soft))

  async function open(): Promise<void> {
    state.value = { ...state.value, trouble: null }
    try {
      const { account_id } = await whoAmI()
      draft ??= new Draft(server, openShelf(account_id, name), page, (now) => (state.value = now))
      await draft.open()
    } catch (error) {
      state.value = { ...state.value, trouble: asProblem(error) }
    }
  }

  /** What is missing is said once its field was left, or handing in was tried; what is wrong, not while one types. */
  function complaintsAt(path: string): Complaint[] {
    const seen = (one: Complaint): boolean =>
      attempted.value || (entered.value !== path && (!ABSENT.has(one.code) || left.value.has(path)))
    return complaints.value.filter((one) => one.field === path && seen(one))
  }

  function set(code: string, value: Value): void {
    const before = state.value.values[code]
    // A row that comes or goes moves the others: which of them he has left is not known any more.
    const moved = Array.isArray(before) && Array.isArray(value) && before.length !== value.length
    if (moved) left.value = new Set([...left.value].filter((path) => !path.startsWith(`${code}.`)))
    draft?.set(code, value)
  }

  function leave(path: string): void {
    if (entered.value === path) entered.value = ''
    left.value = new Set([...left.value, path])
    if (draft?.dirty) void draft.flush()
  }

  provide(CONTEXT, {
    form: computed(() => form.value.code),
    values: computed(() => state.value.values),
    shown: computed(() => (state.value.view ? shown(state.value.view) : {})),
    documents: computed(() => new Map(state.value.view?.documents.map((one) => [one.document_id, one]))),
    texts: computed(() => (state.value.view ? texts(state.value.view, state.value.values) : {})),
    complaintsAt,
    set,
    enter: (path) => (entered.value = path),
    leave,
    added: (document) => draft?.add(document),
    freshen: async () => draft?.freshen().catch(() => undefined),
    uploading: (more) => (uploads.value += more),
  })

  function unsent(): Problem | null {
    return state.value.conflict ? null : (state.value.refused ?? new Problem('no_network', 0))
  }

  const again = (): void => void draft?.flush()
  const hidden = (): void => {
    if (document.visibilityState === 'hidden') void draft?.flush(true)
  }
  /** Only what a reload would really lose holds the page back: files on their way, or nothing kept on the device. */
  const hold = (event: BeforeUnloadEvent): void => {
    if (uploads.value > 0 || state.value.sign === 'memory') event.preventDefault()
  }
  onMounted(() => {
    void open()
    window.addEventListener('online', again)
    window.addEventListener('beforeunload', hold)
    document.addEventListener('visibilitychange', hidden)
  })
  onBeforeUnmount(() => {
    window.removeEventListener('online', again)
    window.removeEventListener('beforeunload', hold)
    document.removeEventListener('visibilitychange', hidden)
    draft?.stop()
  })
  watch(
    () => state.value.trouble ?? state.value.refused,
    (problem) => problem && loggedOut(problem),
  )

  return { state, form, complaints, hard, attempted, uploads, jump, unsent, draft: () => draft, open }
}

function allOf<V extends Standing>(form: Form, state: DraftState<V>): Complaint[] {
  const here = lookOver(form, state.values)
  const wrong = new Set(here.map((one) => one.field))
  const theirs = state.problems.filter((one) => !FOUND_HERE.has(one.code) && !wrong.has(one.field))
  const all = [...here, ...theirs, ...cannotKeep(state)]
  return all.sort((a, b) => sectionOf(form, a.field) - sectionOf(form, b.field) || order(form, a) - order(form, b))
}

function order(form: Form, one: Complaint): number {
  const codes = form.sections.flatMap((section) => section.fields.map((field) => field.code))
  return codes.indexOf(one.field.split('.')[0] ?? '')
}

/** The server could not even keep it; it says which field. */
function cannotKeep<V extends Standing>(state: DraftState<V>): Complaint[] {
  const field = state.refused?.facts['field']
  return typeof field === 'string' ? [{ field, code: 'cannot_keep' }] : []
}

/** Put the focus on a field, wherever it is; the page has brought its part to the front before. */
export function focusOn(path: string): void {
  const target = document.getElementById(idOf(path)) ?? document.getElementById(idOf(path.split('.')[0] ?? ''))
  target?.scrollIntoView({ block: 'center' })
  target?.focus({ preventScroll: true })
}
