// A precompiled header needs a program to belong to.
