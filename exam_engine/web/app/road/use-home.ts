/** A page that shows the home: loads it, and again whenever somebody comes back to it or the network does. */
import { computed, onBeforeUnmount, onMounted, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { asProblem, sentence, type Problem } from '@shared/problem'
import { home, loadHome } from './home'
import { useLoggedOut } from './logged-out'
import { isAhead, pageOfPlace, type Place } from './next'
import type { Home } from './shapes'

const PATIENCE_MS = 3_000
const WAITING_MS = 30_000 // a file that goes from one reviewer to the next sends its physician no message

export interface UsedHome {
  home: ShallowRef<Home | null>
  complaint: ComputedRef<string>
  loading: Ref<boolean>
  refresh: () => Promise<void>
}

/** `page`: the place a page belongs to; who has not come so far is sent to where he is. */
export function useHome(page?: Place): UsedHome {
  const { t, te } = useI18n()
  const loggedOut = useLoggedOut()
  const router = useRouter()
  const trouble = shallowRef<Problem | null>(null)
  const complaint = computed(() => (trouble.value ? sentence({ t, te }, trouble.value.code, trouble.value.facts) : ''))
  const loading = ref(false)
  let lastMs = 0

  async function refresh(): Promise<void> {
    loading.value = true
    lastMs = performance.now()
    try {
      const { place } = await loadHome()
      trouble.value = null
      if (place === 'exams_only' || (page && isAhead(page, place))) await router.replace(pageOfPlace(place))
    } catch (error) {
      const problem = asProblem(error)
      if (!loggedOut(problem)) trouble.value = problem
    } finally {
      loading.value = false
    }
  }

  function back(): void {
    if (document.visibilityState === 'visible' && performance.now() - lastMs > PATIENCE_MS) void refresh()
  }

  function lookAgain(): void {
    if (home.value?.waiting && document.visibilityState === 'visible') void refresh()
  }

  let timer = 0
  onMounted(() => {
    void refresh()
    timer = window.setInterval(lookAgain, WAITING_MS)
    document.addEventListener('visibilitychange', back)
    window.addEventListener('focus', back)
    window.addEventListener('online', back)
  })
  onBeforeUnmount(() => {
    window.clearInterval(timer)
    document.removeEventListener('visibilitychange', back)
    window.removeEventListener('focus', back)
    window.removeEventListener('online', back)
  })
  return { home, complaint, loading, refresh }
}
