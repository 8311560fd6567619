"""Case files: stories beside the rules (`NAME.cases.yaml`), played on every engine.

cases:
  - name: coffee bought 6 days ago is not advertised again
    as_of: 2026-11-22T09:00:00Z
    given:
      products: [{sku: C-1, replenish_days: 30}]
      orders: [{sku: C-1, ordered_at: 6 days ago}]
    message: {customer_id: ada, items: [C-1]}
    want: {dropped: {C-1: recently_purchased}}
"""
