/** A small form: what is wrong with which field, the focus on the first wrong one, and one sending at a time. */
import { computed, nextTick, reactive, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { asProblem, sentence, type Problem } from '@shared/problem'
import { useLoggedOut } from './logged-out'

type Values<F extends string> = Readonly<Partial<Record<F, () => unknown>>>
export type Wrong<F extends string> = Partial<Record<F, string>>

/** The first of the fields, in their order on the page, that something is said of. */
export const firstWrong = <F extends string>(order: readonly F[], wrong: Wrong<F>): F | undefined =>
  order.find((field) => wrong[field])

export interface UsedForm<F extends string> {
  wrong: Wrong<F>
  complaint: ComputedRef<string>
  busy: Ref<boolean>
  /** Say what is wrong, and go there; true when nothing is. Asked once more when the language changes. */
  judge: (look: () => Wrong<F>) => boolean
  /** Do it once, and say at its field (`fieldOf`: by code) or below what the server says against it. */
  send: (act: () => Promise<void>) => Promise<void>
}

/** `values`: what is typed, by field; a complaint goes as soon as its field is touched. */
export function useForm<F extends string>(
  order: readonly F[],
  values: Values<F> = {} as Values<F>,
  fieldOf: Readonly<Record<string, F>> = {},
): UsedForm<F> {
  const { t, te, locale } = useI18n()
  const loggedOut = useLoggedOut()
  const wrong = reactive<Wrong<string>>({}) as Wrong<F>
  const against = shallowRef<Problem | null>(null)
  const complaint = computed(() => (against.value ? sentence({ t, te }, against.value.code, against.value.facts) : ''))
  const busy = ref(false)
  let found: () => Wrong<F> = () => ({})

  for (const field of order) {
    const value = values[field]
    if (value) watch(value, () => (wrong[field] = ''))
  }

  /** What stands at a field was not touched since: the same is said of it in the other language. */
  watch(locale, () => {
    const now = found()
    for (const field of order) if (wrong[field]) wrong[field] = now[field] || wrong[field]
  })

  function judge(look: () => Wrong<F>): boolean {
    found = look
    against.value = null
    const now = look()
    for (const field of order) wrong[field] = now[field] ?? ''
    const first = firstWrong(order, wrong)
    if (first) void nextTick(() => document.getElementById(`field-${first}`)?.focus())
    return !first
  }

  function refused(error: unknown): void {
    const problem = asProblem(error)
    if (loggedOut(problem)) return
    const { code, facts } = problem
    const field = fieldOf[code]
    if (field) judge(() => ({ [field]: sentence({ t, te }, code, facts) }) as Wrong<F>)
    else against.value = problem
  }

  async function send(act: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    against.value = null
    try {
      await act()
    } catch (error) {
      refused(error)
    } finally {
      busy.value = false
    }
  }

  return { wrong, complaint, busy, judge, send }
}
