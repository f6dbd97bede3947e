/** The desk's addresses, all under /desk/. Whoever is not logged in sees the log-in page first. */

import { createRouter, createWebHistory, type Router } from 'vue-router'
import { adminRoutes } from './admin/routes'
import { bankRoutes } from './bank/routes'
import LogInPage from './pages/LogInPage.vue'
import { landingOf, mayVisit, type Place } from './parts/menu'
import { paperRoutes } from './papers/routes'
import { resultRoutes } from './finals/routes'
import { whoAmI } from './session'

export function createDeskRouter(): Router {
  const router = createRouter({
    history: createWebHistory('/desk/'),
    routes: [
      {
        path: '/',
        name: 'sittings',
        component: () => import('./pages/SittingsPage.vue'),
        meta: { place: 'sittings' },
      },
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
          { path: 'counts', name: 'counts', component: () => import('./centre/CountsPage.vue') },
        ],
      },
      { path: '/cases', name: 'cases', component: () => import('./cases/CasesPage.vue'), meta: { place: 'cases' } },
      {
        path: '/cases/:caseId(\\d+)',
        name: 'case',
        component: () => import('./cases/CasePage.vue'),
        props: (route) => ({ caseId: Number(route.params['caseId']) }),
        meta: { place: 'cases' },
      },
      {
        path: '/photos',
        component: () => import('./photos/PhotosPage.vue'),
        meta: { place: 'photos' },
        children: [
          { path: '', name: 'photos', redirect: { name: 'photo-import' } },
          { path: 'import', name: 'photo-import', component: () => import('./photos/ImportPanel.vue') },
          { path: 'pending', name: 'photo-pending', component: () => import('./photos/PendingPhotos.vue') },
        ],
      },
      {
        path: '/centre',
        name: 'centre',
        component: () => import('./centre/CentrePage.vue'),
        meta: { place: 'centre', bare: true },
      },
      {
        path: '/retention',
        name: 'retention',
        component: () => import('./retention/RetentionPage.vue'),
        meta: { place: 'retention' },
      },
      {
        path: '/reviews',
        name: 'reviews',
        component: () => import('./reviews/ReviewsPage.vue'),
        meta: { place: 'reviews' },
      },
      {
        path: '/reviews/:fileId(\\d+)',
        name: 'review',
        component: () => import('./reviews/FilePage.vue'),
        props: (route) => ({ fileId: Number(route.params['fileId']) }),
        meta: { place: 'reviews' },
      },
      {
        path: '/roster',
        name: 'roster',
        component: () => import('./roster/RosterPage.vue'),
        meta: { place: 'roster' },
      },
      {
        path: '/roster/import',
        name: 'roster-import',
        component: () => import('./roster/RosterImport.vue'),
        meta: { place: 'roster' },
      },
      {
        path: '/item-statistics',
        name: 'item_stats',
        component: () => import('./stats/StatsHome.vue'),
        meta: { place: 'item_stats' },
      },
      {
        path: '/item-statistics/:sittingId(\\d+)',
        name: 'item-statistics',
        component: () => import('./stats/StatsPage.vue'),
        props: (route) => ({ sittingId: Number(route.params['sittingId']) }),
        meta: { place: 'item_stats' },
      },
      {
        path: '/rescores/:proposalId(\\d+)',
        name: 'proposal',
        component: () => import('./stats/ProposalPage.vue'),
        props: (route) => ({ proposalId: Number(route.params['proposalId']) }),
        meta: { place: 'item_stats' },
      },
      {
        path: '/statistics',
        name: 'statistics',
        component: () => import('./admin/StatisticsPage.vue'),
        meta: { place: 'statistics' },
      },
      { path: '/bank', component: () => import('./bank/BankPage.vue'), meta: { place: 'bank' }, children: bankRoutes },
      {
        path: '/admin',
        component: () => import('./admin/AdminPage.vue'),
        meta: { place: 'admin' },
        children: adminRoutes,
      },
      {
        path: '/makeup',
        name: 'makeup',
        component: () => import('./makeup/MakeupPage.vue'),
        meta: { place: 'makeup' },
      },
      ...paperRoutes,
      {
        path: '/finals',
        component: () => import('./finals/FinalsHome.vue'),
        meta: { place: 'finals' },
        children: resultRoutes,
      },
      {
        path: '/finals/:resultId(\\d+)',
        name: 'final',
        component: () => import('./finals/FinalPage.vue'),
        props: (route) => ({ resultId: Number(route.params['resultId']) }),
        meta: { place: 'finals' },
      },
      { path: '/audit', name: 'audit', component: () => import('./admin/AuditPage.vue'), meta: { place: 'audit' } },
      { path: '/:rest(.*)*', redirect: { name: 'sittings' } },
    ],
  })
  router.beforeEach(async (to) => {
    if (to.meta['open'] === true) return true
    const who = await whoAmI().catch(() => null)
    if (who === null) return { name: 'login', query: { next: to.fullPath } }
    const place = to.meta['place'] as Place | undefined
    if (place === undefined || mayVisit(place, who.role)) return true
    const landing = landingOf(who.role)
    return landing === place || { name: landing }
  })
  return router
}
