// npm start: sets the checkout up, then shows the playground from source to running Bridge.
import { prepare } from './prepare.mjs'

prepare()
await import('../playground/start.mjs')
