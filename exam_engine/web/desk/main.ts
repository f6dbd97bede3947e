import { createWords } from '@shared/words'
import { createApp } from 'vue'
import DeskApp from './DeskApp.vue'
import { createDeskRouter } from './routes'
import './desk.css'

void createWords('desk').then((words) => createApp(DeskApp).use(words).use(createDeskRouter()).mount('#app'))
