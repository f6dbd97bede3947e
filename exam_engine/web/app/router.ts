import { createRouter, createWebHistory, type RouteLocationRaw } from 'vue-router'
import LoginPage from './pages/LoginPage.vue'

function fromHash(hash: string): RouteLocationRaw {
  const [path, query = ''] = hash.replace(/^#/, '').split('?')
  const code = new URLSearchParams(query).get('code')
  if (path !== '/camera') return { path: '/', hash: '' }
  return { name: 'camera', query: code ? { code } : {}, hash: '' }
}

export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/login', name: 'login', component: LoginPage },
    { path: '/sign-up', name: 'sign-up', component: () => import('./pages/SignUpPage.vue') },
    { path: '/forgot', name: 'forgot', component: () => import('./pages/ForgotPage.vue') },
    { path: '/', name: 'home', component: () => import('./pages/HomePage.vue') },
    // The road to it, then what it leads to.
    { path: '/certify', name: 'certify', component: () => import('./pages/CertifyPage.vue') },
    { path: '/province', name: 'province', component: () => import('./pages/ProvincePage.vue') },
    { path: '/bind', name: 'bind', component: () => import('./pages/BindPage.vue') },
    { path: '/assessment-password', name: 'assessment-password', component: () => import('./pages/AssessmentPasswordPage.vue') },
    { path: '/notice', name: 'notice', component: () => import('./pages/NoticePage.vue') },
    { path: '/profile', name: 'profile', component: () => import('./pages/ProfilePage.vue') },
    { path: '/procedure', name: 'procedure', component: () => import('./pages/ProcedurePage.vue') },
    { path: '/evaluation', name: 'evaluation', component: () => import('./pages/EvaluationPage.vue') },
    { path: '/exemption', name: 'exemption', component: () => import('./pages/ExemptionPage.vue') },
    { path: '/file/:subject(deferral|change)', name: 'file', component: () => import('./pages/FilePage.vue'), props: true },
    { path: '/details', name: 'details', component: () => import('./pages/DetailsPage.vue') },
    { path: '/makeup', name: 'makeup', component: () => import('./pages/MakeupPage.vue') },
    { path: '/result', name: 'result', component: () => import('./pages/ResultPage.vue') },
    { path: '/result/notice', name: 'result-notice', component: () => import('./pages/ResultNoticePage.vue') },
    { path: '/verify/notice/:number?', name: 'verify-notice', component: () => import('./pages/VerifyNoticePage.vue') },
    { path: '/history', name: 'history', component: () => import('./pages/HistoryPage.vue') },
    { path: '/inbox', name: 'inbox', component: () => import('./pages/InboxPage.vue') },
    { path: '/me', name: 'me', component: () => import('./pages/MePage.vue') },
    { path: '/papers', name: 'papers', component: () => import('./pages/PaperListPage.vue') },
    {
      path: '/attempts/:id(\\d+)',
      name: 'attempt',
      component: () => import('./pages/AttemptPage.vue'),
      props: (route) => ({ attempt: Number(route.params['id']) }),
    },
    {
      path: '/attempts/:id(\\d+)/record',
      name: 'record',
      component: () => import('./pages/RecordPage.vue'),
      props: (route) => ({ attempt: Number(route.params['id']) }),
    },
    {
      path: '/attempts/:id(\\d+)/log',
      name: 'log',
      component: () => import('./pages/LogPage.vue'),
      props: (route) => ({ attempt: Number(route.params['id']) }),
    },
    // For anybody, without log-in; the whole receipt stands behind the #.
    { path: '/verify/receipt/:code?', name: 'verify-receipt', component: () => import('./pages/VerifyReceiptPage.vue') },
    { path: '/photo', name: 'photo', component: () => import('./pages/PhotoPage.vue') },
    // A phone as camera, without log-in. The code may stand in the query or, as in QR codes, behind "#/camera?".
    { path: '/camera', name: 'camera', component: () => import('./pages/CameraPage.vue') },
    { path: '/app/:rest(.*)*', redirect: (to) => fromHash(to.hash) },
    { path: '/:rest(.*)*', name: 'nowhere', component: () => import('./pages/NowherePage.vue') },
  ],
  scrollBehavior: () => ({ top: 0 }),
})
