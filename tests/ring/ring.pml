// SPDX-License-Identifier: BSD-3-Clause
// The ring of common/shared_ring.h as a model that spin checks exhaustively; run by check_model.
//
//   Producer --+                                      +-- Consumer
//              v                                      v
//        buffer[PRODUCER] --Memory--> mem <--Memory-- buffer[CONSUMER]
//
// - A store waits in the buffer of its process and reaches memory in any order, except that a release
//   store goes last of those before it and two stores to one place keep their order. That is weaker than
//   x86, so a missing release shows; a missing acquire is a slot loaded before the index (BUG 3).
// - Indices wrap at M, slots at N; runs are endless and the state is finite, so every lap is covered.
// - Either side may crash between any two steps. It comes back with a fresh ring, and the survivor goes on
//   with the former one until it notices. A hostile side writes any index, the victim's own included.
//   What a hostile side writes into slots steers nothing here: the reader of the copy judges it.
// - Bursts: any number of messages that fit is written and published at once.
//
// Each BUG is a mistake somebody could make in shared_ring.h or attach.cc; each must be found:
//    1 the tail is published before the slots are written
//    2 the tail is published without release
//    3 a slot is loaded before the tail: no acquire
//    4 the head is published without release
//    5 the consumer believes any tail
//    6 the producer believes any head
//    7 the tail is loaded twice: one load is checked, the other used
//    8 the producer does not ask whether the ring is full
//    9 the producer takes a full ring for one with a free slot
//   10 the consumer reads its own index back from the shared page
//   11 the producer accepts a head that was taken back
//   12 the consumer accepts a tail one past the ring
//   13 consumed slots are not erased
//   14 a new attachment uses the former ring
//   15 the survivor of a crash keeps its indices
//   16 one slot more is published than written
//   17 indices are compared without the wrap
//   18 the head is published before the slots are read
//   19 a corrupt ring gets another chance
//   20 slots are erased after the head was published
//   21 a burst is not cut to the free slots
//   22 a full ring is taken for a corrupt one
//   23 an impossible tail is noticed, but used once
//   24 the slot is chosen with a mask that does not fit the wrap of the indices

#ifndef BUG
#define BUG 0
#endif
#ifndef N
#define N 2             // slots
#endif
#define M (3 * N)       // the 2^32 of the model: a multiple of N
#define DEPTH 4         // stores a buffer holds

#define PRODUCER 0
#define CONSUMER 1
#define NOBODY 2

#define LOCATIONS (N + 2)
#if BUG == 24
#define SLOT(g, i) ((g) * LOCATIONS + (i) % M % (N + 1) % N)
#else
#define SLOT(g, i) ((g) * LOCATIONS + (i) % N)
#endif
#define TAIL(g) ((g) * LOCATIONS + N)
#define HEAD(g) ((g) * LOCATIONS + N + 1)
#define PLUS(a, b) (((a) + (b)) % M)
#define MINUS(a, b) (((a) + M - (b)) % M)

typedef Stores {
  byte n;
  byte place[DEPTH];
  byte value[DEPTH];
  bool release[DEPTH]
};

byte mem[2 * LOCATIONS];  // the ring in use and the former or next one; a message is its sequence + 1
Stores buffer[2];
byte hostile;             // PRODUCER, CONSUMER or NOBODY
bool crash[2];
bit attachment;           // the ring handed out last

// Private to each side.
bit generation[2];        // which ring
byte own[2];              // own index
byte cache[2];            // the peer's index when last seen
bool corrupt[2];

// For the assertions only.
byte sequence[2];         // next to be pushed and published, next to be popped; per attachment
bool impossible[2];       // an impossible index was read

#define FULL (MINUS(own[PRODUCER], cache[PRODUCER]) >= N)
#define EMPTY (cache[CONSUMER] == own[CONSUMER])
#define IS_POSSIBLE(me, limit) (MINUS(seen, cache[me]) <= MINUS(limit, cache[me]))

// To be called where there is room: ROOM guards the atomic step around it.
#define ROOM(me) (buffer[me].n < DEPTH)
inline Store(me, where, what, is_release) {
  buffer[me].place[buffer[me].n] = where;
  buffer[me].value[buffer[me].n] = what;
  buffer[me].release[buffer[me].n] = is_release;
  buffer[me].n++
}

// ---- memory: lets stores out of the buffers

#define SAME(p, i, j) (buffer[p].place[i] == buffer[p].place[j])
#define MAY_LEAVE_0(p) (buffer[p].n > 0)
#define MAY_LEAVE_1(p) (buffer[p].n > 1 && !buffer[p].release[1] && !SAME(p, 1, 0))
#define MAY_LEAVE_2(p) (buffer[p].n > 2 && !buffer[p].release[2] && !SAME(p, 2, 0) && !SAME(p, 2, 1))
#define MAY_LEAVE_3(p) \
  (buffer[p].n > 3 && !buffer[p].release[3] && !SAME(p, 3, 0) && !SAME(p, 3, 1) && !SAME(p, 3, 2))

inline Leave(p, which) {
  d_step {
    // A message may only go where the former one was taken and erased.
    assert(p == CONSUMER || hostile != NOBODY || buffer[p].place[which] % LOCATIONS >= N ||
           mem[buffer[p].place[which]] == 0);
    mem[buffer[p].place[which]] = buffer[p].value[which];
    i = which;
    do
    :: i + 1 < buffer[p].n ->
       buffer[p].place[i] = buffer[p].place[i + 1];
       buffer[p].value[i] = buffer[p].value[i + 1];
       buffer[p].release[i] = buffer[p].release[i + 1];
       i++
    :: else -> break
    od;
    buffer[p].n--;
    buffer[p].place[i] = 0;
    buffer[p].value[i] = 0;
    buffer[p].release[i] = false;
    i = 0
  }
}

proctype Memory(byte p) {
  byte i;
end:
  do
  :: atomic { MAY_LEAVE_0(p) -> Leave(p, 0) }
  :: atomic { MAY_LEAVE_1(p) -> Leave(p, 1) }
  :: atomic { MAY_LEAVE_2(p) -> Leave(p, 2) }
  :: atomic { MAY_LEAVE_3(p) -> Leave(p, 3) }
  od
}

// ---- crash and restart

#define PENDING(p, g)                                                      \
  ((buffer[p].n > 0 && buffer[p].place[0] / LOCATIONS == (g)) ||           \
   (buffer[p].n > 1 && buffer[p].place[1] / LOCATIONS == (g)) ||           \
   (buffer[p].n > 2 && buffer[p].place[2] / LOCATIONS == (g)) ||           \
   (buffer[p].n > 3 && buffer[p].place[3] / LOCATIONS == (g)))

inline Begin(me, g) {
  generation[me] = g;
  own[me] = 0;
  cache[me] = 0;
  sequence[me] = 0
}

// The next incarnation gets a zeroed ring. Its predecessor's stores are all in memory by then.
inline Restart(me) {
  atomic {
    buffer[me].n == 0 && !PENDING(1 - me, 1 - generation[me]);
    crash[me] = false;
#if BUG == 14
    Begin(me, generation[me]);
#else
    i = 0;
    do
    :: i < LOCATIONS -> mem[(1 - generation[me]) * LOCATIONS + i] = 0; i++
    :: else -> break
    od;
    Begin(me, 1 - generation[me]);
#endif
    attachment = generation[me];
    n = 0;
    i = 0;
    seen = 0;
    early = 0
  }
}

// The survivor notices the new attachment between two calls.
inline Follow(me) {
  atomic {
    generation[me] != attachment;
#if BUG == 15
    generation[me] = attachment
#else
    Begin(me, attachment)
#endif
  }
}

proctype Supervisor() {
end:
  do
  :: atomic {
       hostile == NOBODY && generation[PRODUCER] == generation[CONSUMER] &&
       !crash[PRODUCER] && !crash[CONSUMER];
       if
       :: crash[PRODUCER] = true
       :: crash[CONSUMER] = true
       fi
     }
  od
}

// ---- producer

inline ReadHead() {
  seen = mem[HEAD(generation[PRODUCER])];
  if
  :: MINUS(own[PRODUCER], seen) > MINUS(own[PRODUCER], cache[PRODUCER]) -> impossible[PRODUCER] = true
  :: else
  fi;
  if
#if BUG == 6
  :: true -> cache[PRODUCER] = seen
#elif BUG == 11
  :: MINUS(own[PRODUCER], seen) <= N -> cache[PRODUCER] = seen
#else
  :: IS_POSSIBLE(PRODUCER, own[PRODUCER]) -> cache[PRODUCER] = seen
#endif
  :: else -> corrupt[PRODUCER] = true; assert(hostile == CONSUMER)
  fi;
  seen = 0;
  assert(!impossible[PRODUCER] || corrupt[PRODUCER]);
  // Full is said only when it is so.
  assert(corrupt[PRODUCER] || !FULL || hostile != NOBODY || buffer[CONSUMER].n > 0 || crash[CONSUMER] ||
         generation[PRODUCER] != generation[CONSUMER] || MINUS(own[PRODUCER], own[CONSUMER]) == N)
}

inline ChooseFree() {
  if
#if BUG == 8
  :: !corrupt[PRODUCER] -> n = 1
#elif BUG == 9
  :: !corrupt[PRODUCER] && MINUS(own[PRODUCER], cache[PRODUCER]) <= N -> n = 1
#else
  :: !corrupt[PRODUCER] && !FULL -> n = 1
#endif
  :: else
  fi;
  do
#if BUG == 21
  :: n > 0 && n < N -> n++
#else
  :: n > 0 && n < N - MINUS(own[PRODUCER], cache[PRODUCER]) -> n++
#endif
  :: break
  od
}

inline WriteSlots() {
  do
  :: atomic {
       i < n && ROOM(PRODUCER) ->
       assert(!impossible[PRODUCER]);  // a corrupt ring is never touched again
       Store(PRODUCER, SLOT(generation[PRODUCER], own[PRODUCER] + i), PLUS(sequence[PRODUCER], i) + 1, false);
       i++
     }
  :: i == n -> break
  od
}

inline PublishTail() {
  atomic {
    ROOM(PRODUCER) ->
    own[PRODUCER] = PLUS(own[PRODUCER], n);
    sequence[PRODUCER] = PLUS(sequence[PRODUCER], n);
    assert(own[PRODUCER] == sequence[PRODUCER]);
    n = 0;
    i = 0;
#if BUG == 2
    Store(PRODUCER, TAIL(generation[PRODUCER]), own[PRODUCER], false)
#elif BUG == 16
    Store(PRODUCER, TAIL(generation[PRODUCER]), PLUS(own[PRODUCER], 1), true)
#else
    Store(PRODUCER, TAIL(generation[PRODUCER]), own[PRODUCER], true)
#endif
  }
}

inline PushBurst() {
  atomic {
    if
    :: !FULL
    :: true -> ReadHead()
    fi;
    ChooseFree()
  };
  if
  :: n > 0 ->
#if BUG == 1
     atomic { ROOM(PRODUCER) -> Store(PRODUCER, TAIL(generation[PRODUCER]), PLUS(own[PRODUCER], n), true) };
#endif
     WriteSlots();
     PublishTail()
  :: else
  fi
}

// ---- consumer

inline ReadTail() {
  seen = mem[TAIL(generation[CONSUMER])];
  if
  :: MINUS(seen, own[CONSUMER]) > N || MINUS(seen, own[CONSUMER]) < MINUS(cache[CONSUMER], own[CONSUMER]) ->
     impossible[CONSUMER] = true
  :: else
  fi;
#if BUG == 10
  own[CONSUMER] = mem[HEAD(generation[CONSUMER])];
#endif
  if
#if BUG == 5
  :: true -> cache[CONSUMER] = seen
#elif BUG == 12
  :: MINUS(seen, own[CONSUMER]) <= N + 1 -> cache[CONSUMER] = seen
#elif BUG == 17
  :: seen >= own[CONSUMER] && seen - own[CONSUMER] <= N -> cache[CONSUMER] = seen
#elif BUG == 22
  :: IS_POSSIBLE(CONSUMER, PLUS(own[CONSUMER], N - 1)) -> cache[CONSUMER] = seen
#elif BUG == 23
  :: true -> corrupt[CONSUMER] = !IS_POSSIBLE(CONSUMER, PLUS(own[CONSUMER], N)); cache[CONSUMER] = seen
#else
  :: IS_POSSIBLE(CONSUMER, PLUS(own[CONSUMER], N)) -> cache[CONSUMER] = seen
#endif
  :: else -> corrupt[CONSUMER] = true; assert(hostile == PRODUCER)
  fi;
  seen = 0;
  assert(!impossible[CONSUMER] || corrupt[CONSUMER]);
  // Empty is said only when nothing is lost.
  assert(corrupt[CONSUMER] || !EMPTY || hostile != NOBODY || buffer[PRODUCER].n > 0 || crash[PRODUCER] ||
         generation[PRODUCER] != generation[CONSUMER] || own[PRODUCER] == own[CONSUMER])
}

inline ChooseHeld() {
  if
#if BUG == 23
  :: !EMPTY -> n = 1
#else
  :: !corrupt[CONSUMER] && !EMPTY -> n = 1
#endif
  :: else -> early = 0
  fi;
  do
  :: n > 0 && n < MINUS(cache[CONSUMER], own[CONSUMER]) -> n++
  :: break
  od
}

inline ReadSlots() {
  do
  :: atomic {
       i < n && ROOM(CONSUMER) ->
       assert(!impossible[CONSUMER]);
       seen = (early > 0 -> early - 1 : mem[SLOT(generation[CONSUMER], own[CONSUMER] + i)]);
       assert(hostile != NOBODY || seen == sequence[CONSUMER] + 1);
       seen = 0;
       early = 0;
#if BUG != 13 && BUG != 20
       Store(CONSUMER, SLOT(generation[CONSUMER], own[CONSUMER] + i), 0, false);
#endif
       sequence[CONSUMER] = PLUS(sequence[CONSUMER], 1);
       i++
     }
  :: i == n -> break
  od
}

inline PublishHead() {
  atomic {
    ROOM(CONSUMER) ->
    own[CONSUMER] = PLUS(own[CONSUMER], n);
    assert(own[CONSUMER] == sequence[CONSUMER]);
    n = 0;
    i = 0;
#if BUG == 4
    Store(CONSUMER, HEAD(generation[CONSUMER]), own[CONSUMER], false)
#else
    Store(CONSUMER, HEAD(generation[CONSUMER]), own[CONSUMER], true)
#endif
  }
}

inline PopBurst() {
#if BUG == 3
  early = mem[SLOT(generation[CONSUMER], own[CONSUMER])] + 1;
#endif
  atomic {
    if
    :: !EMPTY
    :: true -> ReadTail()
    fi;
#if BUG != 7
    ChooseHeld()
#endif
  };
#if BUG == 7
  atomic {
    cache[CONSUMER] = mem[TAIL(generation[CONSUMER])];
    assert(corrupt[CONSUMER] || MINUS(cache[CONSUMER], own[CONSUMER]) <= N);
    ChooseHeld()
  };
#endif
  if
  :: n > 0 ->
#if BUG == 18
     atomic { ROOM(CONSUMER) -> Store(CONSUMER, HEAD(generation[CONSUMER]), PLUS(own[CONSUMER], n), true) };
#endif
     ReadSlots();
     PublishHead()
#if BUG == 20
     ;
     atomic { ROOM(CONSUMER) -> Store(CONSUMER, SLOT(generation[CONSUMER], own[CONSUMER] + M - 1), 0, false) }
#endif
  :: else
  fi
}

// ---- the two sides

inline Misbehave(me) {
  if
  :: select(i : 0 .. M - 1); mem[TAIL(0)] = i
  :: select(i : 0 .. M - 1); mem[HEAD(0)] = i
  fi;
  i = 0
}

proctype Producer() {
  byte n, i, seen, early;
end:
  do
  :: {
       do
       :: hostile == PRODUCER -> atomic { Misbehave(PRODUCER) }
       :: hostile != PRODUCER && !corrupt[PRODUCER] -> PushBurst()
       :: Follow(PRODUCER)
       od
     } unless { crash[PRODUCER] };
     Restart(PRODUCER)
  od
}

proctype Consumer() {
  byte n, i, seen, early;
end:
  do
  :: {
       do
       :: hostile == CONSUMER -> atomic { Misbehave(CONSUMER) }
#if BUG == 19
       :: corrupt[CONSUMER] -> corrupt[CONSUMER] = false
#endif
       :: hostile != CONSUMER && !corrupt[CONSUMER] -> PopBurst()
       :: Follow(CONSUMER)
       od
     } unless { crash[CONSUMER] };
     Restart(CONSUMER)
  od
}

init {
  atomic {
    if
    :: hostile = PRODUCER
    :: hostile = CONSUMER
    :: hostile = NOBODY
    fi;
    run Memory(PRODUCER);
    run Memory(CONSUMER);
    run Supervisor();
    run Producer();
    run Consumer()
  }
}
