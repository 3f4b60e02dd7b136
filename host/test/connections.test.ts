import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { Connections } from '../node/http/connections.js'

// Who keeps a place when there are fewer places than connections. Sockets are stand-ins that end when they are told to.

class FakeSocket extends EventEmitter {
  isEnded = false
  destroy(): void {
    if (this.isEnded) return
    this.isEnded = true
    setImmediate(() => this.emit('close'))
  }
}

function opening(limits: { connections: number; perAddress: number }) {
  let time = 0
  const connections = new Connections(limits, () => time)
  return {
    connections,
    open: (address?: string) => {
      time++
      const socket = new FakeSocket() as FakeSocket & Socket
      return { socket, entry: connections.enter(socket, address) }
    },
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('a client', () => {
  test('has so many connections and no more, until one of them ends', async () => {
    const { open, connections } = opening({ connections: 10, perAddress: 2 })
    const first = open('192.0.2.1')
    expect([first.entry, open('192.0.2.1').entry, open('192.0.2.1').entry]).toEqual([
      'entered',
      'entered',
      'client has enough',
    ])
    expect(open('192.0.2.2').entry).toBe('entered')
    first.socket.destroy()
    await settled()
    expect(open('::ffff:192.0.2.1').entry).toBe('entered')
    expect(connections.size).toBe(3)
  })

  test('is a whole /64 network of IPv6', () => {
    const { open } = opening({ connections: 10, perAddress: 2 })
    const entries = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8:0:1::1'].map(
      (address) => open(address).entry,
    )
    expect(entries).toEqual(['entered', 'entered', 'client has enough', 'entered'])
  })
})

describe('when all places are taken', () => {
  test('a newcomer gets that which the greediest has kept waiting longest', () => {
    const { open, connections } = opening({ connections: 5, perAddress: 5 })
    const honest = open('192.0.2.1')
    const greedy = [open('192.0.2.2'), open('192.0.2.2'), open('192.0.2.2')]
    open('192.0.2.3')
    expect(open('192.0.2.4').entry).toBe('entered')
    expect(greedy.map(({ socket }) => socket.isEnded)).toEqual([true, false, false])
    expect(honest.socket.isEnded).toBe(false)
    expect(connections.size).toBe(5)
  })

  test('a client takes none of a client that has no more than itself', () => {
    const { open } = opening({ connections: 4, perAddress: 4 })
    for (const address of ['192.0.2.1', '192.0.2.1', '192.0.2.2', '192.0.2.2']) open(address)
    expect(open('192.0.2.1').entry).toBe('full')
    expect(open('192.0.2.3').entry).toBe('entered')
  })

  test('the work for a client is finished, and what it keeps waiting goes', async () => {
    const { open, connections } = opening({ connections: 2, perAddress: 2 })
    const [first, second] = [open('192.0.2.1'), open('192.0.2.1')]
    let end = (): void => undefined
    const working = connections.during(first.socket, () => new Promise<void>((resolve) => (end = resolve)))
    expect(open('192.0.2.2').entry).toBe('entered')
    expect([first.socket.isEnded, second.socket.isEnded]).toEqual([false, true])
    end()
    await working
    expect(open('192.0.2.3').entry).toBe('entered')
    expect(first.socket.isEnded).toBe(true) // the oldest that is not worked for
  })

  test('a client that was just answered has its turn before it goes', async () => {
    const { open, connections } = opening({ connections: 3, perAddress: 3 })
    const [answered, second, third] = [open('192.0.2.1'), open('192.0.2.1'), open('192.0.2.1')]
    third.socket.destroy()
    await settled()
    expect(open('192.0.2.2').entry).toBe('entered')
    await connections.during(answered.socket, () => undefined)
    expect(open('192.0.2.3').entry).toBe('entered')
    expect([answered.socket.isEnded, second.socket.isEnded]).toEqual([false, true])
  })

  test('and all are worked for, no newcomer comes in', () => {
    const { open, connections } = opening({ connections: 1, perAddress: 1 })
    void connections.during(open('192.0.2.1').socket, () => new Promise(() => undefined))
    expect(open('192.0.2.2').entry).toBe('full')
  })

  test('attackers from ever more addresses drive out their own slowest, never all at once', () => {
    const { open, connections } = opening({ connections: 50, perAddress: 5 })
    const slow = Array.from({ length: 200 }, (_, i) => open(`198.51.100.${i}`))
    expect(slow.every(({ entry }) => entry === 'entered')).toBe(true)
    expect(slow.slice(0, 150).every(({ socket }) => socket.isEnded)).toBe(true)
    expect(slow.slice(150).some(({ socket }) => socket.isEnded)).toBe(false)
    expect(connections.size).toBe(50)
  })
})

describe('the proxy', () => {
  test('has as many connections as it needs, of which a greedy client’s go first', () => {
    const { open, connections } = opening({ connections: 4, perAddress: 1 })
    const [idle, slow, slower, honest] = [open(), open(), open(), open()]
    connections.carry(slow.socket, '203.0.113.1')
    connections.carry(slower.socket, '203.0.113.1')
    connections.carry(honest.socket, '203.0.113.2')
    expect(open().entry).toBe('entered')
    const ended = [idle, slow, slower, honest].map(({ socket }) => socket.isEnded)
    expect(ended).toEqual([false, true, false, false])
  })

  test('loses an idle connection when there is nothing else to lose', () => {
    const { open } = opening({ connections: 2, perAddress: 1 })
    const [first, second] = [open(), open()]
    expect(open().entry).toBe('entered')
    expect([first.socket.isEnded, second.socket.isEnded]).toEqual([true, false])
  })
})
