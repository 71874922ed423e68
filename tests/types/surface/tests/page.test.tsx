import { beforeEach, expect, test, vi } from 'vitest'
import { fireEvent, render, screen } from '@testing-library/react'
import { fakeProvider } from 'countersign/testing'
import { session } from '@/lib/backends'
import Page from '@/app/fauna/page'

const clerk = fakeProvider({ user: 'alice' })
const fauna = vi.fn(async (_url: unknown, _init?: RequestInit) => Response.json({ data: 'Hello World!', txn_ts: 1 }))
vi.stubGlobal('fetch', fauna)
beforeEach(() => session.connect(clerk))                       // vitest calls what it returns after the test

test('shows what Fauna said, asked with the token of the user', async () => {
  render(<Page />)
  fireEvent.click(screen.getByRole('button'))
  await screen.findByText(/Hello World/)
  expect(new Headers(fauna.mock.calls[0]![1]!.headers).get('authorization')).toMatch(/^Bearer ey/)
  expect(clerk.calls).toMatchObject([{ template: 'fauna' }])
})
test('says so when signed out, and sends nothing', async () => {
  clerk.signOut(); fauna.mockClear()
  render(<Page />)
  fireEvent.click(screen.getAllByRole('button').at(-1)!)
  await screen.findByText(/No token found/)
  expect(fauna).not.toHaveBeenCalled()
})
