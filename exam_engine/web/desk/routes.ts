/** The desk's addresses, all under /desk/. Whoever is not logged in sees the log-in page first. */

import { createRouter, createWebHistory, type Router } from 'vue-router'
import LogInPage from './pages/LogInPage.vue'
import { whoAmI } from './session'

export function createDeskRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/desk/'),
    routes: [
      { path: '/', name: 'sittings', component: () => import('./pages/SittingsPage.vue') },
      { path: '/login', name: 'login', component: LogInPage, meta: { open: true } },
      {
        path: '/sittings/:sittingId(\\d+)',
        component: () => import('./pages/SittingPage.vue'),
        props: (route) => ({ sittingId: Number(route.params['sittingId']) }),
        children: [
          { path: '', redirect: { name: 'board' } },
          { path: 'board', name: 'board', component: () => import('./pages/BoardPage.vue') },
          { path: 'acts', name: 'acts', component: () => import('./pages/ActsPage.vue') },
          { path: 'results', name: 'results', component: () => import('./pages/ResultsPage.vue') },
        ],
      },
      { path: '/:rest(.*)*', redirect: { name: 'sittings' } },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.meta['open'] === true) return true
    const who = await whoAmI().catch(() => null)
    return who !== null || { name: 'login', query: { next: to.fullPath } }
  })
  return router
}
