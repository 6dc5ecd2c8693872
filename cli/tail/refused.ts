/** The server will not serve this operation, now or later. */
export class SubscriptionRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SubscriptionRefused';
  }
}
