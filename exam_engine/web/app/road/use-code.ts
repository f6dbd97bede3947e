/** Asking for a code by SMS: once a minute, and in the demonstration it is shown. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { api, got } from '@shared/api'
import { asProblem } from '@shared/problem'
import { bare } from './phone'
import type { CodeSent } from './shapes'
import { useWait } from './wait'

export interface UsedCode {
  left: Ref<number>
  asking: Ref<boolean>
  sent: ShallowRef<CodeSent | null>
  ask: (phone: string) => Promise<void>
}

export function useCode(purpose: 'register' | 'reset'): UsedCode {
  const { left, begin } = useWait(`code-${purpose}`)
  const asking = ref(false)
  const sent = shallowRef<CodeSent | null>(null)

  /** Throws what the server says against it; a code sent a moment ago only starts the wait. */
  async function ask(phone: string): Promise<void> {
    if (asking.value || left.value > 0) return
    asking.value = true
    try {
      sent.value = await got(api.POST('/api/sign-up/code', { body: { phone: bare(phone), purpose } }))
      begin(sent.value.retry_after_s)
    } catch (error) {
      const { code, facts } = asProblem(error)
      if (code === 'code_sent_already') begin(Number(facts['retry_after_s']) || 0)
      throw error
    } finally {
      asking.value = false
    }
  }

  return { left, asking, sent, ask }
}
