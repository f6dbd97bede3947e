/** A small form: what is wrong with which field, the focus on the first wrong one, and one sending at a time. */
import { nextTick, reactive, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import { asProblem, sentence } from '@shared/problem'

type Values<F extends string> = Readonly<Partial<Record<F, () => unknown>>>
export type Wrong<F extends string> = Partial<Record<F, string>>

/** The first of the fields, in their order on the page, that something is said of. */
export const firstWrong = <F extends string>(order: readonly F[], wrong: Wrong<F>): F | undefined =>
  order.find((field) => wrong[field])

export interface UsedForm<F extends string> {
  wrong: Wrong<F>
  complaint: Ref<string>
  busy: Ref<boolean>
  /** Say what is wrong, and go there; true when nothing is. */
  judge: (found: Wrong<F>) => boolean
  /** Do it once, and say at its field (`fieldOf`: by code) or below what the server says against it. */
  send: (act: () => Promise<void>) => Promise<void>
}

/** `values`: what is typed, by field; a complaint goes as soon as its field is touched. */
export function useForm<F extends string>(
  order: readonly F[],
  values: Values<F> = {} as Values<F>,
  fieldOf: Readonly<Record<string, F>> = {},
): UsedForm<F> {
  const { t, te } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const wrong = reactive<Wrong<string>>({}) as Wrong<F>
  const complaint = ref('')
  const busy = ref(false)

  for (const field of order) {
    const value = values[field]
    if (value) watch(value, () => (wrong[field] = ''))
  }

  function judge(found: Wrong<F>): boolean {
    for (const field of order) wrong[field] = found[field] ?? ''
    const first = firstWrong(order, wrong)
    if (first) void nextTick(() => document.getElementById(`field-${first}`)?.focus())
    return !first
  }

  async function refused(error: unknown): Promise<void> {
    const { code, status, facts } = asProblem(error)
    if (status === 401 && code !== 'wrong_login') {
      return void (await router.replace({ name: 'login', query: { to: route.fullPath } }))
    }
    const said = sentence({ t, te }, code, facts)
    const field = fieldOf[code]
    if (field) judge({ [field]: said } as Wrong<F>)
    else complaint.value = said
  }

  async function send(act: () => Promise<void>): Promise<void> {
    if (busy.value) return
    busy.value = true
    complaint.value = ''
    try {
      await act()
    } catch (error) {
      await refused(error)
    } finally {
      busy.value = false
    }
  }

  return { wrong, complaint, busy, judge, send }
}
