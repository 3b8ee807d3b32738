/* SPDX-License-Identifier: Apache-2.0
 *
 * Recovery and fencing: one shard's event partition under the old Kafka transaction protocol, its coordinator, and up to NI
 * incarnations of the shard's owner. `check` beside this file searches it, with all rules and with each left out.
 *
 * A crash needs no step of its own: an incarnation that is never scheduled again has crashed, one that is scheduled
 * late is a zombie, and a request of it that arrives late is a delayed request. A restart is the next incarnation.
 * What zombies do not cover is a copy of a request that outlives its answer: that is stray[].
 * All runs are finite (every step uses up an incarnation, an input, a time-out or a copy), so a quiet end is terminal
 * and progress is checked there.
 *
 * A record's hash is the first place where the same content (term, sequence, input, record before it) stands.
 *
 * Not modelled: several event partitions, a producer that gets another id (idle for long, epochs used up), retries of one
 * append within an epoch (the leader drops them by sequence), committed records that the broker loses, threads inside the
 * owner. Remittances between shards are in remittance.pml. */

#ifndef NI
#define NI 3            /* incarnations of the owner */
#endif
#ifndef NA
#define NA 2            /* inputs on the first input topic */
#endif
#ifndef NB
#define NB 1            /* inputs on the second one; the two may be interleaved in any way */
#endif
#ifndef L
#define L 20            /* room on the log; running out is an assertion, so a clean run never did */
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 1      /* Kafka transactions aborted by the broker's own timer */
#endif
#ifndef COPIES
#define COPIES 1        /* EndTxn requests that leave a delayed copy behind */
#endif

/* The world. */
#ifndef TXN
#define TXN 1           /* 0: idempotent producer only, every append is at once visible, nobody is fenced */
#endif
#ifndef VERIFY
#define VERIFY 1        /* the partition leader asks the coordinator before a first append (brokers from 3.6 on) */
#endif
#ifndef LAG
#define LAG 1           /* EndTxn is answered before its markers are written */
#endif
#ifndef STALE
#define STALE 1         /* the apparent end of the log may be any earlier position */
#endif

/* The rules of the design, one switch each. */
#ifndef TERM
#define TERM 1          /* a record of a lower term than the last shard_opened is void */
#endif
#ifndef HASH
#define HASH 1          /* an event must name the record before it; 0: only the next sequence number */
#endif
#ifndef TAINT
#define TAINT 1         /* a repeated or slow EndTxn ends the incarnation */
#endif
#ifndef GATE
#define GATE 1          /* next batch only after the last one was read back and extends the chain */
#endif
#ifndef DEADLINE
#define DEADLINE 1      /* a read-back that does not come in time ends the incarnation; 0: it waits for ever */
#endif
#ifndef REOPEN
#define REOPEN 1        /* equal or higher term before one's own shard_opened: append again, higher */
#endif
#ifndef NONCE
#define NONCE 1         /* one's own shard_opened is known by a unique mark; 0: by its term */
#endif
#ifndef OWNREC
#define OWNREC 1        /* state of recovery = fold up to one's own shard_opened; 0: fold up to the apparent end */
#endif
#ifndef LATEIN
#define LATEIN 1        /* input positions are taken after one's own record was read; 0: at the apparent end */
#endif
#ifndef SEQOPEN
#define SEQOPEN 0       /* 1: shard_opened takes a sequence number and must extend the chain */
#endif
#ifndef ABORT
#define ABORT 0         /* 1: an owner may abort a batch by hand and go on */
#endif
#ifndef RU
#define RU 0            /* 1: the owner's own reader is read_uncommitted */
#endif
#ifndef CKOK
#define CKOK 0          /* 1: checkpoint what commit_transaction said OK to, without reading it back */
#endif
#ifndef CKTERM
#define CKTERM 1        /* the checkpoint's position row carries the highest term */
#endif
#ifndef HOLE
#define HOLE 0          /* 1: a record that could not be enqueued is left out and the batch is committed */
#endif

/* What is asserted. */
#ifndef P1
#define P1 1            /* each valid event was decided on exactly the history it extends */
#endif
#ifndef P2
#define P2 1            /* a plain read_committed reader sees valid events only */
#endif
#ifndef P3
#define P3 1            /* each input has exactly one valid event, in order */
#endif
#ifndef P4
#define P4 1            /* what was verified or checkpointed stays, and no recovery stops short of it */
#endif
#ifndef P5
#define P5 1            /* when all is quiet and the last incarnation met no fault, all inputs are answered */
#endif
#ifndef P6
#define P6 0            /* no void shard_opened is visible either */
#endif

#define OPENST 0
#define COM 1
#define ABT 2
#define OPN 1
#define EVT 2

/* coordinator */
#define NONE 0
#define ONGOING 1
#define PREPC 2
#define DONEC 3
#define DONEA 4

byte n;                                                    /* log end */
byte st[L], kd[L], tm[L], sq[L], ip[L], pv[L];             /* visibility, kind, term, sequence, input, previous record */
byte cep, cst = NONE;                                      /* coordinator: epoch, state */
byte lep;                                                  /* partition leader: highest epoch it has heard of */
byte ep[NI];                                               /* epoch of each incarnation */
byte stray[NI];                                            /* delayed copy of an EndTxn: 1 commit, 2 abort */
byte timeouts = TIMEOUTS, copies = COPIES, aborts = ABORT;
byte started;
byte ckpos, ckseq, ckhash;                                 /* greatest checkpoint taken anywhere */
bool lastfault;                                            /* the incarnation that was fenced in last met a fault (for P5) */

hidden byte f_t, f_s, f_h, f_a, f_b, f_j, f_v, f_x, g_j, g_open, lso;

/* identity of a record = hash of its content: the first place where the same content stands, from 1 */
inline canon(j, out) {
	out = 0;
	do
	:: !(kd[out] == kd[j] && tm[out] == tm[j] && sq[out] == sq[j] && ip[out] == ip[j] && pv[out] == pv[j]) -> out++
	:: else -> break
	od;
	out++
}

inline last_stable() {
	lso = 0;
	do
	:: lso < n && st[lso] != OPENST -> lso++
	:: else -> break
	od;
	f_x = 0
}

/* The chain rule: fold what is readable in log[0..p). chk: also assert the properties (only the monitor does). */
inline fold(p, ru, who_has_ck, chk) {
	f_t = 0; f_s = 0; f_h = 0; f_a = 0; f_b = 0; f_j = 0; f_v = 0;
	do
	:: f_j < p ->
		if
		:: !CKTERM && who_has_ck && f_j == ckpos -> f_t = 0
		:: else
		fi;
		f_v = 0;
		if
		:: st[f_j] == COM || ru ->
			if
			:: sq[f_j] == f_s + 1 && (!HASH || pv[f_j] == f_h) -> f_x = 1
			:: else -> f_x = 0
			fi;
			if
			:: kd[f_j] == OPN && tm[f_j] > f_t && (!SEQOPEN || f_x) ->
				f_v = 1; f_t = tm[f_j];
				if
				:: SEQOPEN -> f_s++; canon(f_j, f_h)
				:: else
				fi
			:: kd[f_j] == EVT && f_x && (!TERM || tm[f_j] >= f_t) ->
				f_v = 1;
				if
				:: chk && P1 -> assert(pv[f_j] == f_h)
				:: else
				fi;
				f_s++; canon(f_j, f_h);
				if
				:: chk && P4 && f_s == ckseq -> assert(f_h == ckhash)
				:: else
				fi;
				if
				:: ip[f_j] < 8 -> if :: chk && P3 -> assert(ip[f_j] == f_a) :: else fi; f_a++
				:: else -> if :: chk && P3 -> assert(ip[f_j] == 8 + f_b) :: else fi; f_b++
				fi
			:: else ->
				if
				:: chk && P2 -> assert(kd[f_j] == OPN && !SEQOPEN)
				:: else
				fi;
				if
				:: chk && P6 -> assert(kd[f_j] != OPN)
				:: else
				fi
			fi
		:: else
		fi;
		f_j++
	:: else -> break
	od;
	f_x = 0
}

inline monitor() { last_stable(); fold(lso, 0, 0, 1) }

inline settle(how) {                                       /* a marker reaches the partition */
	g_j = 0;
	do
	:: g_j < n -> if :: st[g_j] == OPENST -> st[g_j] = how :: else fi; g_j++
	:: else -> break
	od;
	f_x = 0
}

inline abort_bump() { cep++; lep = cep; settle(ABT); cst = DONEA }

inline endtxn(e, how, res) {                               /* at the coordinator */
	if
	:: e != cep -> res = 0
	:: else ->
		if
		:: cst == ONGOING && how == 1 ->
			res = 1;
			if
			:: LAG -> cst = PREPC
			:: else -> settle(COM); cst = DONEC; monitor()
			fi
		:: cst == ONGOING && how == 2 -> res = 1; settle(ABT); cst = DONEA; monitor()
		:: (cst == PREPC || cst == DONEC) && how == 1 -> res = 1      /* taken for a retry: OK, no effect */
		:: cst == DONEA && how == 2 -> res = 1
		:: else -> res = 0
		fi
	fi
}

inline produce(e, kind, term, seq, inp, prev, res) {       /* at the partition leader */
	g_j = 0; g_open = 0;
	do
	:: g_j < n -> if :: st[g_j] == OPENST -> g_open = 1 :: else fi; g_j++
	:: else -> break
	od;
	if
	:: TXN && e < lep -> res = 0
	:: TXN && e >= lep && VERIFY && !g_open && !(e == cep && cst == ONGOING) -> res = 0
	:: else ->
		res = 1;
		assert(n < L);
		kd[n] = kind; tm[n] = term; sq[n] = seq; ip[n] = inp; pv[n] = prev;
		if
		:: TXN -> st[n] = OPENST; lep = e
		:: else -> st[n] = COM
		fi;
		n++;
		if
		:: !TXN -> monitor()
		:: else
		fi
	fi
}

inline init_producer(i) {                                  /* fences older epochs, ends the open Kafka transaction */
	d_step {
		if
		:: cst == ONGOING -> abort_bump(); monitor()
		:: else -> cep++
		fi;
		cst = NONE; ep[i] = cep; lastfault = 0
	}
}

inline add_partition(i, res) {                             /* waits while the last end's markers are on their way */
	d_step { cst != PREPC || ep[i] != cep ->
		if
		:: ep[i] == cep -> cst = ONGOING; res = 1
		:: else -> res = 0
		fi }
}

inline give_up(i) { if :: ep[i] == cep -> lastfault = 1 :: else fi; f_x = 0 }

inline send_endtxn(i, how, res) {                          /* sent once, or twice with one copy still under way */
	if
	:: d_step { copies > 0 -> copies--; stray[i] = how; k = TAINT; if :: ep[i] == cep -> lastfault = 1 :: else fi }
	:: true
	fi;
	d_step { endtxn(ep[i], how, res); res = res && !k; k = 0 }
}

proctype Broker() {
end:	do
	:: d_step { cst == PREPC -> settle(COM); cst = DONEC; monitor() }
	:: d_step { timeouts > 0 && cst == ONGOING ->
		timeouts--; lastfault = 1; abort_bump(); monitor() }
	:: d_step { stray[0] -> endtxn(ep[0], stray[0], g_open); stray[0] = 0 }
#if NI > 1
	:: d_step { stray[1] -> endtxn(ep[1], stray[1], g_open); stray[1] = 0 }
#endif
#if NI > 2
	:: d_step { stray[2] -> endtxn(ep[2], stray[2], g_open); stray[2] = 0 }
#endif
#if NI > 3
	:: d_step { stray[3] -> endtxn(ep[3], stray[3], g_open); stray[3] = 0 }
#endif
	od
}

proctype Owner(byte i) {
	byte t, s, h, a, b, my, k, x;     /* term; state in memory: sequence, hash, inputs; place of own last record */
	byte s0, h0, a0, b0;              /* state before the batch, for abort by hand */
	bool ok;

	/* Each atomic block below is one step that others may come between. Incarnations are numbered as they start. */
	atomic {
		started == i && (cst != PREPC || !TXN);
		started++;
		if
		:: TXN -> init_producer(i)
		:: else
		fi
	}
	atomic {                                           /* look to the apparent end, possibly stale */
		d_step { if :: RU -> lso = n :: else -> last_stable() fi; k = lso };
		do
		:: STALE && k > ckpos -> k--
		:: break
		od;
		d_step { fold(k, RU, 1, 0); t = f_t + 1; s = f_s; h = f_h; a = f_a; b = f_b; k = 0 }
	}
open:	atomic {
		if
		:: TXN ->
			add_partition(i, ok);
			if :: !ok -> goto stop :: else fi
		:: else
		fi
	}
	atomic {
		d_step { my = n; produce(ep[i], OPN, t, SEQOPEN * (s + 1), 0, SEQOPEN * h, ok) };
		if :: !ok -> goto stop :: else fi
	}
	atomic {
		if
		:: TXN ->
			send_endtxn(i, 1, ok);
			if :: !ok -> goto stop :: else fi
		:: else
		fi
	}
	atomic {                                           /* read on until one's own record comes back */
		if
		:: d_step { (NONCE && st[my] == COM) || RU -> last_stable(); ok = (my < lso || RU) }
		:: d_step { NONCE && st[my] == ABT && !RU -> ok = 0 }
		:: d_step { DEADLINE && TXN && st[my] == OPENST && cst != ONGOING && cst != PREPC -> ok = 0; give_up(i) }
		:: d_step { !NONCE && !RU -> last_stable(); x = 0;
			do
			:: x < lso && !(st[x] == COM && kd[x] == OPN && tm[x] == t) -> x++
			:: else -> break
			od;
			if :: x < lso -> my = x; ok = 1 :: else -> ok = 0 fi; x = 0 }
		fi;
		if :: !ok -> goto stop :: else fi;
		d_step { fold(my, RU, 1, 0);
			x = (f_t >= t || (SEQOPEN && !(s + 1 == f_s + 1 && h == f_h))) };
		if
		:: x && REOPEN -> d_step { x = 0; t = f_t + 1; s = f_s; h = f_h; a = f_a; b = f_b }; goto open
		:: else -> x = 0
		fi;
		if
		:: OWNREC -> d_step { fold(my + 1, RU, 1, 0); s = f_s; h = f_h; if :: LATEIN -> a = f_a; b = f_b :: else fi }
		:: else
		fi;
		assert(!P4 || s >= ckseq || ckpos > my + 1)    /* nothing verified before one's own record is left out */
	}

batch:	atomic {
		if
		:: a == NA && b == NB -> goto stop
		:: else
		fi;
		k = 0;
		if :: ABORT -> s0 = s; h0 = h; a0 = a; b0 = b :: else fi;
		if
		:: TXN ->
			add_partition(i, ok);
			if :: !ok -> goto stop :: else fi
		:: else
		fi
	}
record:	atomic {
		if
		:: a < NA -> x = a; a++
		:: b < NB -> x = 8 + b; b++
		fi;
		if
		:: HOLE && k == 0 && (a < NA || b < NB) -> d_step { s++; h = 99; k++; x = 0 }; goto record
		:: true
		fi;
		d_step { my = n; produce(ep[i], EVT, t, s + 1, x, h, ok); x = 0; if :: ok -> s++; canon(my, h) :: else fi };
		if :: !ok -> goto stop :: else fi;
		k++;
		if
		:: k < 2 && (a < NA || b < NB) -> goto record
		:: true
		fi;
		k = 0
	}
	atomic {
		if
		:: TXN ->
			if
			:: ABORT && aborts > 0 -> aborts--; x = 2
			:: x = 1
			fi;
			send_endtxn(i, x, ok);
			if :: !ok -> goto stop :: else fi;
			if
			:: x == 2 -> d_step { x = 0; s = s0; h = h0; a = a0; b = b0 }; goto batch
			:: else -> x = 0
			fi
		:: else
		fi;
		if
		:: CKOK && s > ckseq -> ckseq = s; ckhash = h; ckpos = my + 1
		:: else
		fi;
		if
		:: !GATE -> goto batch
		:: else
		fi
	}
	atomic {                                           /* the tail reads the batch back */
		if
		:: d_step { st[my] == COM || RU -> last_stable(); ok = (my < lso || RU) }
		:: d_step { st[my] == ABT && !RU -> ok = 0 }
		:: d_step { DEADLINE && TXN && st[my] == OPENST && cst != ONGOING && cst != PREPC -> ok = 0; give_up(i) }
		fi;
		if :: !ok -> goto stop :: else fi;
		d_step { fold(my + 1, RU, 1, 0); ok = (f_v && f_s == s && f_h == h);
			if
			:: ok && s > ckseq -> ckseq = s; ckhash = h; ckpos = my + 1
			:: else
			fi };
		if :: !ok -> goto stop :: else -> goto batch fi
	}
stop:	skip;
	d_step { t = 0; s = 0; h = 0; a = 0; b = 0; my = 0; k = 0; x = 0; s0 = 0; h0 = 0; a0 = 0; b0 = 0; ok = 0 }
}

proctype Watch() {
	/* quiet for good: the last incarnation, if it met no fault, has answered everything, and nothing is left open */
end:	timeout;
	d_step { last_stable(); fold(lso, 0, 0, 0);
		assert(!P4 || f_s >= ckseq);
		assert(!P5 || !TXN || lastfault || started < NI || (f_a == NA && f_b == NB && lso == n)) }
}

init {
	atomic {
		byte j = 0;
		run Broker();
		run Watch();
		do
		:: j < NI -> run Owner(j); j++
		:: else -> break
		od
	}
}
