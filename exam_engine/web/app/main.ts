import { createApp } from 'vue'
import { createWords } from '@shared/words'
import App from './App.vue'
import { keepCopy } from './offline'
import { router } from './router'
import './vant-styles'
import './style.css'

void createWords('app').then((words) => createApp(App).use(words).use(router).mount('#app'))
keepCopy()
