// A page that asks Fauna with a secret of its own: there is no token to manage.
export { Client, fql } from 'countersign/fauna'
