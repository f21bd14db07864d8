/** `require`, in both formats: the build writes the ES module form of this file (see scripts/build.mjs). */
export const load: (id: string) => unknown = (id) => require(id);
