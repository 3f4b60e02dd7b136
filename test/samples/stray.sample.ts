import { it } from 'vitest'

it('leaves a rejection behind', async () => {
  void Promise.reject(new Error('nobody waits for this'))
  await new Promise((resolve) => setTimeout(resolve, 50))
})
