// Time that a hip was looked at: it stands still while the page is hidden.

export class Stopwatch {
  constructor() {
    this.before = 0;
    this.since = document.hidden ? null : performance.now();
    document.addEventListener("visibilitychange", () => {
      this.before = this.seconds();
      this.since = document.hidden ? null : performance.now();
    });
  }

  restart(from = 0) {
    this.before = from;
    this.since = document.hidden ? null : performance.now();
  }

  seconds() {
    return this.before + (this.since === null ? 0 : (performance.now() - this.since) / 1000);
  }
}
