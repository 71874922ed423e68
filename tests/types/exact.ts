/** True for the very same type only: `any` equals nothing but itself. */
export type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
export type NotAny<A> = 0 extends 1 & A ? false : true

/** Each call is one test: it compiles only with `true`. */
export const yes = <_T extends true>(): void => {}
