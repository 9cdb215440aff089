-- Rather gives up than to wait for the speed layer, whose transactions lock the same rows in another order: it would be ended as
-- one of two that wait for each other (deadlock_timeout is 1 s). Until the end of this transaction.
SET LOCAL lock_timeout TO '500ms'
