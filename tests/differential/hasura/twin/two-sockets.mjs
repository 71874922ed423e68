// A connection whose machine and sockets are played by a test: a server with a history, networks that are late, and rotations, losses and reconnects in any order.
import { dist } from '../../dist.mjs'

const { Link } = await dist('hasura/link.js')
const { told } = await dist('link.js')

const [OPEN, SEND, STOP, TAKE, CLOSE] = [0, 1, 2, 3, 4]

/** Repeatable. @param {number} seed */
export const dice = (seed) => {
  let state = (seed * 2654435761) % 2147483646 + 1
  const next = () => (state = (state * 48271) % 2147483647)
  for (let i = 0; i < 5; i++) next()
  return { below: (n) => next() % n, one: (list) => list[next() % list.length] }
}

/** A socket with a wire in each direction on which frames wait. */
class Fake {
  static all = []
  readyState = 0
  toServer = []
  toClient = []
  /** What the server runs on it. */
  subscriptions = new Map()
  gone = false
  constructor() {
    Fake.all.push(this)
  }
  send(text) {
    if (this.readyState === 1) this.toServer.push(JSON.parse(text))
  }
  close() {
    this.gone = true
    this.readyState = 3
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: '', wasClean: true }))
  }
}

/**
 * Plays one operation through random events and answers with what its sink saw.
 * @param {number} seed
 * @param {{ follow: any, steps?: number, change(dice: any): void, poll(subscription: any, dice: any): object | undefined }} model `follow`: of the operation; `change`: the data
 * change; `poll`: what the server sends now for a subscription, which has the payload it was sent with, if anything
 */
export const play = async (seed, { follow, steps = 60, change, poll }) => {
  const random = dice(seed)
  Fake.all = []
  const effects = []
  /** The machine of one live operation, as the real one does it. */
  const machine = { on: undefined, to: undefined, next: undefined, ids: 0, ended: false }
  const open = () => {
    machine.next = ++machine.ids
    effects.push([OPEN, machine.next, 0])
  }
  const close = (id) => effects.push([CLOSE, id, 1000])
  const place = (id) => {
    machine.next = undefined
    if (machine.to !== undefined) {
      // A rotation within a rotation: the first one ends here.
      effects.push([TAKE, 1, machine.to], [STOP, 1, machine.on])
      close(machine.on)
      machine.on = machine.to
      machine.to = undefined
    }
    if (machine.on === undefined) machine.on = id
    else machine.to = id
    effects.push([SEND, 1, id])
  }
  const link = new Link({
    machine: {
      tell(what, id, a) {
        if (what === told.subscribe) open()
        if (what === told.acked) place(id)
        if (what === told.arrived && machine.to === a) {
          effects.push([STOP, 1, machine.on])
          close(machine.on)
          machine.on = a
          machine.to = undefined
        }
        if (what === told.closed) {
          if (machine.to === id) machine.to = undefined
          else if (machine.on === id) {
            machine.on = machine.to
            machine.to = undefined
            if (machine.on !== undefined) effects.push([TAKE, 1, machine.on])
            else if (machine.next === undefined) open()
          } else if (machine.next === id) open()
        }
      },
      poll: () => effects.shift(),
      free() {},
    },
    url: () => 'ws://server.test', protocol: 'graphql-transport-ws', init: () => ({}), WebSocket: Fake, lost: (event) => event, broken() {}, heard: {},
  })
  const seen = []
  let failed
  link.subscribe(follow, true, { next: (value) => seen.push(value), error: (error) => (failed = error), complete() {} })
  const settle = () => new Promise(setImmediate)
  await settle()
  const live = () => Fake.all.filter((socket) => !socket.gone)
  const server = (socket) => {
    const { type, id, payload } = socket.toServer.shift()
    if (type === 'connection_init') socket.toClient.push({ type: 'connection_ack' })
    else if (type === 'subscribe') socket.subscriptions.set(id, { payload, first: true })
    else socket.subscriptions.delete(id)
  }
  const look = (socket) => {
    for (const [id, subscription] of socket.subscriptions) {
      const result = poll(subscription, random)
      if (result) socket.toClient.push({ id, type: 'next', payload: result })
    }
  }
  const connect = (socket) => {
    socket.readyState = 1
    socket.onopen()
  }
  const arrive = (socket) => socket.onmessage({ data: JSON.stringify(socket.toClient.shift()) })
  const lose = (socket) => {
    socket.gone = true
    socket.readyState = 3
    socket.onclose({ code: 1006, reason: '', wasClean: false })
  }
  const kick = () => link.tell(told.tick)
  const events = [
    [10, () => change(random)],
    [14, () => { const list = live().filter((s) => s.toServer.length); if (list.length) server(random.one(list)) }],
    [14, () => { const list = live().filter((s) => s.subscriptions.size); if (list.length) look(random.one(list)) }],
    [20, () => { const list = live().filter((s) => s.toClient.length); if (list.length) arrive(random.one(list)) }],
    [8, () => { const list = live().filter((s) => s.readyState === 0); if (list.length) connect(random.one(list)) }],
    [5, () => { if (machine.on !== undefined && machine.next === undefined && machine.to === undefined) { open(); kick() } }],
    [1, () => { if (machine.to !== undefined) { // the time of a handover is over
      effects.push([TAKE, 1, machine.to], [STOP, 1, machine.on]); close(machine.on); machine.on = machine.to; machine.to = undefined; kick() } }],
    [1, () => { const list = live(); if (list.length) lose(random.one(list)) }],
  ]
  const bag = events.flatMap(([weight, act]) => Array(weight).fill(act))
  for (let i = 0; i < steps; i++) {
    random.one(bag)()
    await settle()
  }
  // Quiet: everything arrives.
  for (let busy = true; busy; ) {
    busy = false
    for (const socket of live()) {
      if (socket.readyState === 0) {
        connect(socket)
        busy = true
      }
      await settle()
      for (; !socket.gone && socket.toServer.length; busy = true) server(socket)
      look(socket)
      for (; !socket.gone && socket.toClient.length; busy = true) {
        arrive(socket)
        await settle()
      }
    }
  }
  const sockets = Fake.all.length
  link.end()
  return { seen, failed, sockets }
}
