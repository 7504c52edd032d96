//go:build atlas

// Package atlas names the program that this module builds, and so the versions of everything in it.
package atlas

import _ "ariga.io/atlas/cmd/atlas"
