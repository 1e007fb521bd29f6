"""The songs, as scores. Composed for this demo; CC0.

A score is a list of sections of whole bars. In a section, each entry of `chords` is a bar: MIDI notes with the bass
note first. Drum rows are sixteenths of one bar: X loud, x normal, o soft; rows are used in turn for the bars.
`bass` rows are eighths: digits are semitones above the bass note (0), t the twelfth (an octave), - holds, . rests.
`melody` is "start length note syllable" in beats of the section.
"""


def notes(text):
    rows = (row.split() for row in text.strip().splitlines())
    return [(float(a), float(b), int(c), d) for a, b, c, d in rows]


AM, F, C, G = (45, 57, 60, 64, 69), (41, 57, 60, 65, 69), (36, 55, 60, 64, 67), (43, 55, 59, 62, 67)
DM, EM = (38, 57, 62, 65, 69), (40, 55, 59, 64, 67)

VERSE_0 = notes("""
0.5 0.5 69 nai
1   0.5 71 sa
1.5 1   72 to
2.5 1   71 mi
3.5 1.2 69 la
5   0.5 69 ku
5.5 0.5 67 de
6   1.5 65 ro
8.5 0.5 67 so
9   0.5 69 ma
9.5 1   72 ni
10.5 1  74 tai
11.5 1.2 76 he
13  0.5 74 wa
13.5 0.5 72 di
14  1.8 71 lou
""")
CHORUS_0 = notes("""
0   1.5 77 o
1.5 0.5 76 ma
2   1   74 se
3   1   72 li
4   1.5 74 na
5.5 0.5 76 ti
6   1.8 79 rai
8   1.5 76 so
9.5 0.5 74 ke
10  1   72 mo
11  1   69 na
12  1   71 si
13  1   72 ta
14  1.9 72 lau
""")

DEMO = {
    "bpm": 104, "throat": 1.13, "bite": 7, "voice_reverb": 0.16, "hat_pan": 0.35, "levels": (0.150, 0.135, 0.125, 0.120),
    "sections": [
        {"chords": [AM], "keys": "electric_piano",
         "hat": ["........x.x.x.xo"], "snare": ["............x.xX"], "tom": ["................"]},
        {"chords": [AM, F, C, G], "keys": "electric_piano", "melody": VERSE_0,
         "kick": ["X.....x.X.......", "X.....x.X..x...."], "snare": ["....X.......X...", "....X..o....X..o"],
         "hat": ["x.o.x.o.x.o.x.xo"], "bass": ["0-00.0t0", "0-0.0-77"], "crash": True},
        {"chords": [F, G, AM, C], "keys": "pad strings", "melody": CHORUS_0,
         "kick": ["X.....x.X.x.....", "X...x.x.X.x....."], "snare": ["....X.......X...", "....X..o....X.xX"],
         "hat": ["x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.O."], "bass": ["00t000t0", "00t07-t0"], "crash": True,
         "tom": ["................", "................", "................", "..........aabbcc"]},
        {"chords": [AM], "keys": "electric_piano pad", "melody": notes("0 2.5 69 mau"),
         "kick": ["X..............."], "bass": ["0-------"], "crash": True},
    ],
}

D, BM, GM, A = (38, 57, 62, 66, 69), (35, 54, 59, 62, 66), (43, 55, 59, 62, 67), (45, 57, 61, 64, 69)
SECOND = {
    "bpm": 124, "throat": 1.0, "bite": 4, "voice_reverb": 0.28, "hat_pan": -0.3, "levels": (0.120, 0.150, 0.130, 0.130),
    "sections": [
        {"chords": [D, A], "keys": "strings", "kick": ["X...X...X...X..."], "hat": ["..x...x...x...x."]},
        {"chords": [D, A, BM, GM], "keys": "strings", "bass": ["0.00.00.", "0.00.077"],
         "kick": ["X...X...X...X..."], "snare": ["....x.......x..."], "hat": ["..X...X...X...X.", "..X.o.X...X.o.Xo"],
         "melody": notes("""
0 0.5 62 di
0.5 1 64 tan
1.5 0.5 66 so
2 1.5 69 mei
4.5 0.5 69 ka
5 0.5 68 te
5.5 1 69 lo
6.5 1.3 64 nau
8 0.5 66 so
8.5 0.5 66 fa
9 1 69 hi
10 1.7 71 no
12.5 0.5 71 ma
13 1 69 ti
14 1.8 67 wou
""")},
        {"chords": [GM, D, A, BM], "keys": "pad electric_piano", "bass": ["0t0t0t0t"], "crash": True,
         "kick": ["X...X...X...X...", "X...X...X...X.x."], "snare": ["....X.......X..."], "hat": ["o.X.o.X.o.X.o.X."],
         "tom": ["................", "................", "................", "..............bc"],
         "melody": notes("""
0 2 71 na
2 1 69 se
3 1 67 to
4 3 69 lai
7.5 0.5 66 ku
8 1 64 mi
9 1 66 ro
10 1.7 69 sau
12 1 71 de
13 1 73 ha
14 1.9 74 lo
""")},
        {"chords": [GM, A], "keys": "pad strings", "bass": ["0-0-0-0-", "0-------"], "crash": True,
         "kick": ["X...X...X...X...", "X..............."], "snare": ["....X.......X...", "................"],
         "melody": notes("0 2 71 mo\n2 2 69 li\n4 3 69 na")},
    ],
}

EB, CMI, AB, BB, FMI = (39, 55, 58, 63, 67), (36, 55, 60, 63, 67), (44, 56, 60, 63, 68), (46, 58, 62, 65, 70), (41, 56, 60, 65, 68)
THIRD = {
    "bpm": 78, "throat": 1.18, "bite": 2, "voice_reverb": 0.35, "hat_pan": 0.15, "levels": (0.135, 0.110, 0.110, 0.150),
    "sections": [
        {"chords": [CMI, AB, EB, BB], "keys": "pad electric_piano", "bass": ["0---7---", "0-----t-"],
         "kick": ["X.........x.....", "X......x..x....."], "snare": ["........X.......", "........X.....o."],
         "hat": ["x.x.x.x.x.x.x.xo"],
         "melody": notes("""
0.5 1 67 sa
1.5 0.5 68 mi
2 1.5 70 nou
4 1 72 ta
5 0.5 70 ke
5.5 2 68 la
8.5 0.5 67 ho
9 0.5 70 di
9.5 2 75 wei
12 1 74 so
13 0.5 72 ma
13.5 2 70 ru
""")},
        {"chords": [FMI, CMI, AB, BB], "keys": "pad strings", "bass": ["0-0-t-0-", "0-7-0-t-"], "crash": True,
         "kick": ["X.....x.....x...", "X.....x....x...."], "snare": ["........X......."], "hat": ["xoxoxoxoxoxoxoxo"],
         "tom": ["................", "................", "................", "............aabc"],
         "melody": notes("""
0 2 77 na
2 1 75 ti
3 1 72 mo
4 3 75 sei
7.5 0.5 74 ka
8 1.5 72 lou
9.5 0.5 70 de
10 2 68 ma
12 1 70 hi
13 1 72 to
14 1.9 70 na
""")},
    ],
}

# Composed after the separator's constants were settled, and never used to settle them.
E7, A7, B7, CSM = (40, 56, 59, 62, 66), (45, 55, 61, 64, 67), (47, 57, 59, 63, 66), (37, 56, 59, 64, 68)
FOURTH = {
    "bpm": 96, "throat": 0.97, "bite": 5, "voice_reverb": 0.22, "hat_pan": -0.2, "levels": (0.125, 0.140, 0.120, 0.125),
    "sections": [
        {"chords": [E7], "keys": "strings", "bass": ["0.00.t.7"], "hat": ["x.xxx.xxx.xxx.xO"]},
        {"chords": [E7, A7, E7, B7], "keys": "strings", "bass": ["0.00.t.7", "0..0t.57"], "crash": True,
         "kick": ["X..x..X....x....", "X..x..X...X....."], "snare": ["....X..o.o..X...", "....X..o.o..X..x"],
         "hat": ["x.xxx.xxx.xxx.xO", "xoxoxoxoxoxoxoxo"],
         "melody": notes("""
0.5 0.5 59 ha
1 0.5 62 di
1.5 1.5 64 mou
3.5 0.5 62 ta
4 1 61 sei
5.5 0.5 59 ko
6 1.7 57 na
8.5 0.5 59 we
9 0.5 62 li
9.5 1 64 fa
10.5 1.3 67 rai
12 1 66 do
13 1 63 se
14 1.8 59 nou
""")},
        {"chords": [CSM, A7, E7, B7], "keys": "pad strings", "bass": ["00.0t.0.", "0-0.0-t7"], "crash": True,
         "kick": ["X.....X.X.......", "X..x..X.X....x.."], "snare": ["....X.......X...", "....X..o....X.oX"],
         "hat": ["x.o.x.o.x.o.x.o."], "tom": ["................", "................", "................", "........aa.bb.cc"],
         "melody": notes("""
0 1.5 68 la
1.5 0.5 66 mi
2 1.7 64 tou
4 1 64 be
5 1 67 sa
6 1.8 69 no
8 1.5 71 hei
9.5 0.5 68 ka
10 1.8 64 ru
12 0.5 66 de
12.5 0.5 68 fi
13 2.8 66 mau
""")},
    ],
}

SONGS = [DEMO, SECOND, THIRD, FOURTH]
