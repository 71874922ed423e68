import { type DocumentT, fql } from 'countersign/fauna'

export interface Order { owner: string; item: string; total: number }
export type OrderDoc = DocumentT<Order>

/** Largest first: an order that a page can have and a live set cannot. */
export const byTotal = (size: number) => fql`Order.all().order(desc(.total)).pageSize(${size})`
/** Whose it is comes from the token; the role's predicate would refuse anybody else. */
export const create = (item: string, total: number) => fql`Order.create({ owner: personOf(Query.token()!.sub), item: ${item}, total: ${total} })`
export const raise = (order: OrderDoc) => fql`let order = ${order}
  order.update({ total: order.total + 10 })`
export const remove = (order: OrderDoc) => fql`${order}.delete()`

const THINGS = ['a brass key', 'ginger tea', 'two lemons', 'a wool blanket', 'garden twine', 'a desk lamp', 'blue ink', 'a kite', 'walnut oil', 'a map of the coast']
let made = Math.floor(Math.random() * THINGS.length)
/** Something to order, another one each time. @param name of who orders it */
export const something = (name: string) => ({ item: `${name.split(' ')[0]}: ${THINGS[made++ % THINGS.length]}`, total: 5 + Math.floor(Math.random() * 300) })
