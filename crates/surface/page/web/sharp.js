// Charts are drawn with at least two dots per pixel: a page is also printed, zoomed and photographed from a projector.
// The chart library reads the ratio once, when it is loaded, so this module comes before it.

if (devicePixelRatio < 2)
  Object.defineProperty(window, "devicePixelRatio", {
    configurable: true,
    get: () => 2,
  });
