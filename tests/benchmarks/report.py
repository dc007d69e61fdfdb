from statistics import median


def markdown(results, machine):
    out = []
    for r in results:
        for s in (
            "shop",
            "shop, 8 batches",
            "shop, threads",
            "shop without cap",
            "bare view",
        ):
            for b in r.buyers():
                for o in r.orders_of(s, b):
                    out.append(
                        f"{s:20} {b:3} {o.per_second:8.1f}/s p50 {o.p50:7.1f} p99 {o.p99:8.1f} app {o.app_ms:6.2f} db {o.database_ms:5.2f}"
                    )
        for st in r.steps:
            out.append(
                f"{st.existing:8} {st.name:20} app {st.app_ms:6.2f} db {st.database_ms:6.2f}"
            )
        for n in r.sizes():
            out.append(f"purchase {n} {r.purchase_ms(n):.2f}")
        for l in r.limits:
            out.append(f"{l.script:26}{l.clients:4}{l.per_second:8.0f}")
        for p in r.placing:
            out.append(str(p))
        out.append(f"invariants {r.invariants_orders} {r.invariants_seconds:.2f}")
    return "\n".join(out)
