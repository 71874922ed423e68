// The same with the official driver.
export { Client, fql } from 'fauna'
