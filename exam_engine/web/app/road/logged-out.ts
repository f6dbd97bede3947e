/** A session that has ended leads to the log-in, which says so, and from there back to the page one was on. */
import { useRoute, useRouter } from 'vue-router'
import type { Problem } from '@shared/problem'
import { me } from '../me'
import { home } from './home'

/** True: that was it, and there is nothing else to be said of the problem. */
export function useLoggedOut(): (problem: Problem) => boolean {
  const route = useRoute()
  const router = useRouter()
  return ({ status, code }) => {
    if (status !== 401 || code === 'wrong_login') return false
    const was = me.value !== null || home.value !== null // who opens the app for the first time has lost nothing
    const query = route.path === '/' ? {} : { to: route.fullPath }
    void router.replace({ name: 'login', query, state: was ? { said: 'expired' } : {} })
    return true
  }
}
